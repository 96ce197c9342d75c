"""What MiniStack lacks, replaced in the built template: everything else is deployed as it will be in the cloud."""

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
Template = dict[str, Any]

BATCH = "AWS::Batch::"
A_TOPIC: Resource = {"Type": "AWS::SNS::Topic"}  # its Ref is an ARN too


def replace_what_is_missing(template: Template, release: str) -> list[str]:
    """Changes the template; one line for each replacement."""
    replaced = []
    for resources, name in list(_resources(template["Resources"])):
        resource = resources[name]
        if resource["Type"].startswith(BATCH):
            resources[name] = A_TOPIC
            replaced.append(f"{name}: {resource['Type']}, a topic instead")
        if resource.get("Properties", {}).pop("DeploymentPreference", None):
            replaced.append(f"{name}: DeploymentPreference, for there is no CodeDeploy; the alias moves at once")
        if metrics := resource.get("Properties", {}).pop("Metrics", None):
            single = metrics[1]["MetricStat"]
            resource["Properties"] |= single["Metric"] | {"Period": single["Period"], "Statistic": single["Stat"]}
            replaced.append(f"{name}: metric mathematics, the first metric alone instead")
    del template["Resources"]["BucketPolicy"]
    replaced.append("BucketPolicy: left out, for the emulator speaks http and knows no s3:if-none-match")
    template["Parameters"]["Release"]["Default"] = release
    replaced.append("Release: as a default, for SAM's transform gets no parameters there")
    return replaced


def replace_in_foundation(template: Template) -> list[str]:
    """The same of infra/foundation.yaml: what holds, calls and is called there stays as it is."""
    resources, replaced = template["Resources"], []
    for name in [name for name, one in resources.items() if one["Type"] == "AWS::EC2::SecurityGroupIngress"]:
        del resources[name]
        replaced.append(f"{name}: AWS::EC2::SecurityGroupIngress, left out; no packet is filtered there")
    service = resources["QdrantService"]
    service["DependsOn"] = [name for name in service["DependsOn"] if name in resources]
    template["Outputs"]["MasterSecretArn"]["Value"] = {"Ref": "OwnerSecret"}
    replaced.append("Postgres: its master has no secret there, the owner's instead")
    return replaced


def break_on_purpose(template: Template) -> None:
    """A resource that fails once what holds data and a function are there, and whatever they need."""
    template["Resources"] |= {
        "Signal": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Broken": {
            "Type": "AWS::CloudFormation::WaitCondition",
            "DependsOn": ["Bucket", "Key", "DeadLetters", "PredictAliaslive"],
            "Properties": {"Handle": {"Ref": "Signal"}, "Timeout": "1"},
        },
    }


def _resources(resources: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Every resource, those of the loops too, as the mapping that holds it and its name there."""
    for name, resource in resources.items():
        if name.startswith("Fn::ForEach::"):
            yield from _resources(resource[2])
        else:
            yield resources, name
