"""The policies of the expanded template through parliament: unknown actions, resources and conditions of another kind.

`python infra/deploy/policies.py EXPANDED.json`, with a Python that has parliament; exits 1 when it finds anything.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "us-east-1:123456789012"
# What a reference becomes, by the type of the resource that it names.
EXAMPLES = {
    "AWS::Batch::JobDefinition": f"arn:aws:batch:{ACCOUNT}:job-definition/train:1",
    "AWS::Batch::JobQueue": f"arn:aws:batch:{ACCOUNT}:job-queue/training",
    "AWS::DynamoDB::Table": f"arn:aws:dynamodb:{ACCOUNT}:table/name",
    "AWS::ECR::Repository": f"arn:aws:ecr:{ACCOUNT}:repository/name",
    "AWS::KMS::Key": f"arn:aws:kms:{ACCOUNT}:key/00000000-0000-0000-0000-000000000000",
    "AWS::Lambda::Alias": f"arn:aws:lambda:{ACCOUNT}:function:name:live",
    "AWS::Logs::LogGroup": f"arn:aws:logs:{ACCOUNT}:log-group:name:*",
    "AWS::S3::Bucket": "arn:aws:s3:::example-bucket",
    "AWS::SecretsManager::Secret": f"arn:aws:secretsmanager:{ACCOUNT}:secret:name-abcdef",
    "AWS::SNS::Topic": f"arn:aws:sns:{ACCOUNT}:topic",
    "AWS::SQS::Queue": f"arn:aws:sqs:{ACCOUNT}:queue",
    "AWS::StepFunctions::StateMachine": f"arn:aws:states:{ACCOUNT}:stateMachine:machine",
}
PSEUDO = {
    "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::Region": "us-east-1", "AWS::StackName": "stack",
}  # fmt: skip
PARAMETERS = {"ProductStack": "portfolio-twin-dev"}
SECRET = EXAMPLES["AWS::SecretsManager::Secret"]  # any other parameter in a policy is the ARN of one

# Resources that parliament misses beside those granted: (action, kind of resource), each with the reason.
NOT_NEEDED = {
    ("batch:SubmitJob", "job/*"),  # AWS's page for Step Functions and Batch names the definition and the queue alone
    ("states:DescribeExecution", "express:*:*:*"),  # the nested machine is a STANDARD one
}

Resources = Mapping[str, Mapping[str, Any]]


def policies(resources: Resources) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every identity policy with the name of who holds it, references replaced by examples."""
    for name, resource in resources.items():
        properties = resource.get("Properties", {})
        own = [policy["PolicyDocument"] for policy in properties.get("Policies", ()) if isinstance(policy, dict)]
        documents = own if resource["Type"] == "AWS::IAM::Role" else []
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            documents = [properties["PolicyDocument"]]
        for document in documents:
            yield name, {"Version": "2012-10-17"} | _resolved(document, resources)


def _resolved(node: Any, resources: Resources) -> Any:
    if isinstance(node, list):
        return [_resolved(inner, resources) for inner in node]
    if not isinstance(node, dict):
        return node
    if "Ref" in node:
        return _example(node["Ref"], resources)
    if "Fn::GetAtt" in node:
        return _example(".".join(node["Fn::GetAtt"]), resources)
    if "Fn::Sub" in node:
        return re.sub(r"\$\{([\w:.]+)\}", lambda match: _example(match[1], resources), node["Fn::Sub"])
    return {key: _resolved(inner, resources) for key, inner in node.items()}


def _example(reference: str, resources: Resources) -> str:
    if known := (PSEUDO | PARAMETERS).get(reference):
        return known
    name, _, attribute = reference.partition(".")
    if attribute == "Name":
        return "name"
    return EXAMPLES[resources[name]["Type"]] if name in resources else SECRET


def _not_needed(finding: Any) -> bool:
    if finding.issue != "RESOURCE_MISMATCH":
        return False
    missed = {(one["action"], one["required_format"].split(":", 5)[5]) for one in finding.detail}
    return missed <= NOT_NEEDED


def main() -> int:
    from parliament import analyze_policy_string  # of an environment of its own, as checkov is

    resources = json.loads(Path(sys.argv[1]).read_text())["Resources"]
    checked, found = 0, []
    for name, document in policies(resources):
        checked += 1
        findings = analyze_policy_string(json.dumps(document)).findings
        found += [f"{name}: {finding}" for finding in findings if not _not_needed(finding)]
    print(*found, f"parliament: {checked} policies, {len(found)} findings", sep="\n")
    return int(bool(found) or not checked)


if __name__ == "__main__":
    raise SystemExit(main())
