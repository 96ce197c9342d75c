"""Who may do what, by the template: what no linter reports."""

import json
import re
from itertools import pairwise

import pytest

from infra.deploy.expand import TEMPLATE
from tests.infrastructure.resources import ROOT, Resources, functions, listed, of_type, statements

UNNARROWED = {"batch:DescribeJobs", "logs:", "xray:"}


def test_no_statement_allows_more_than_it_names(expanded: Resources) -> None:
    for name, resource in expanded.items():
        for statement in statements(resource):
            if statement["Effect"] == "Deny" or resource["Type"] == "AWS::KMS::Key":
                continue
            actions = listed(statement["Action"])
            assert not [action for action in actions if "*" in action], f"{name}: {actions}"
            assert "NotAction" not in statement
            if "*" in listed(statement.get("Resource", "")):
                broad = [action for action in actions if not action.startswith(tuple(UNNARROWED))]
                assert not broad, f"{name}: {broad} on *"


def test_each_statement_has_its_reason_beside_it() -> None:
    lines = TEMPLATE.read_text().splitlines()
    for number, (above, line) in enumerate(pairwise(lines), start=2):
        if "Effect:" in line:  # a reason is a comment on this line or on the one above, or a Sid that says it
            assert " # " in line + above or "Sid: " in above, f"line {number}: {line.strip()}"


def test_every_function_has_a_role_of_its_own(expanded: Resources) -> None:
    lambdas = of_type(expanded, "AWS::Lambda::Function").values()
    roles = [function["Properties"]["Role"]["Fn::GetAtt"][0] for function in lambdas]
    assert len(set(roles)) == len(roles)


def test_only_who_needs_the_facts_may_ask_for_their_password(resources: Resources) -> None:
    for name, function in functions(resources).items():
        variables = function["Properties"].get("Environment", {}).get("Variables", {})
        policies = json.dumps(function["Properties"]["Policies"])
        may_ask = '"ReadFacts"' in policies or '"DatabaseSecretArn"' in policies
        assert may_ask == ("DATABASE_URL" in variables), name


def test_predict_recommend_and_lookalike_cannot_write(expanded: Resources) -> None:
    for name in ("Predict", "Recommend", "Lookalike"):
        role = expanded[f"{name}Role"]["Properties"]
        attached = [policy["Ref"] for policy in role["ManagedPolicyArns"] if isinstance(policy, dict)]
        assert sorted(attached) == ["ReadModels", "ReadPointer", "SearchIndex"]
        assert "Policies" not in role


def test_the_explorer_may_do_nothing_but_log(expanded: Resources) -> None:
    role = expanded["ExplorerRole"]["Properties"]
    assert "Policies" not in role
    assert not [policy for policy in role["ManagedPolicyArns"] if isinstance(policy, dict) and "Ref" in policy]


def test_browse_reads_verdicts_beside_models_and_writes_nothing(expanded: Resources) -> None:
    role = expanded["BrowseRole"]["Properties"]
    attached = [policy["Ref"] for policy in role["ManagedPolicyArns"] if isinstance(policy, dict)]
    assert sorted(attached) == ["ReadModels", "ReadPointer", "SearchIndex"]
    (own,) = statements(role["Policies"])
    assert (own["Action"], own["Resource"]) == ("s3:GetObject", {"Fn::Sub": "${Bucket.Arn}/*/training/*gates.json"})


def test_the_trainer_and_the_step_before_it_read_no_model(expanded: Resources) -> None:
    for role in ("TrainingRole", "PrepareDataRole"):
        properties = expanded[role]["Properties"]
        assert {"Ref": "ReadModels"} not in properties.get("ManagedPolicyArns", [])
        assert "/models/" not in json.dumps(properties)


@pytest.mark.parametrize("machine", ["Retrain", "Reindex", "Import"])
def test_a_machine_may_call_its_own_steps_and_no_others(resources: Resources, machine: str) -> None:
    definition = (ROOT / resources[machine]["Properties"]["DefinitionUri"]).read_text()
    called = {f"{name}.Alias" for name in re.findall(r"\$\{(\w+)FunctionArn\}", definition)}
    (invoke,) = (one for one in statements(resources[machine]) if one["Action"] == "lambda:InvokeFunction")
    assert {resource["Ref"] for resource in invoke["Resource"]} == called


def test_no_secret_stands_in_the_template() -> None:
    assert "{{resolve:" not in TEMPLATE.read_text()
