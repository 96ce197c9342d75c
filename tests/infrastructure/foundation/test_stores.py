"""What holds data or a password: generated, closed, and gone with the stack, so that nothing goes on costing."""

import json
import re
from typing import Any

import yaml  # type: ignore[import-untyped]  # ships no types

from tests.infrastructure.resources import ROOT, Resources, of_type

HOLD = ("RDS::DBCluster", "RDS::DBInstance", "S3::Bucket", "ECR::Repository", "DynamoDB::Table", "Cognito::UserPool")
HOLD_LOGS = "Logs::LogGroup"


def test_nothing_outlives_the_stack(laid: Resources) -> None:
    """CloudFormation's own default for a cluster is a snapshot, which costs for ever."""
    kept = {name: one for name, one in laid.items() if one["Type"].removeprefix("AWS::") in {*HOLD, HOLD_LOGS}}
    assert {one["Type"].removeprefix("AWS::") for one in kept.values()} == {*HOLD, HOLD_LOGS}
    assert {name for name, one in kept.items() if one["DeletionPolicy"] != "Delete"} == set()
    assert not [name for name, one in laid.items() if "Retain" in str(one.get("DeletionPolicy"))]
    assert laid["Images"]["Properties"]["EmptyOnDelete"] is True


def test_an_update_that_replaces_postgresql_keeps_a_snapshot(laid: Resources) -> None:
    assert laid["Postgres"]["UpdateReplacePolicy"] == "Snapshot"


def test_every_password_is_generated_and_none_is_written_down(foundation: dict[str, Any], laid: Resources) -> None:
    secrets = of_type(laid, "AWS::SecretsManager::Secret")
    assert len(secrets) == 4
    for name, secret in secrets.items():
        assert secret["Properties"]["GenerateSecretString"]["PasswordLength"] >= 32, name
        assert "SecretString" not in secret["Properties"], name
    assert laid["Postgres"]["Properties"]["ManageMasterUserPassword"] is True
    assert not re.search(r'"MasterUserPassword"|resolve:|NoEcho', json.dumps(foundation))


def test_each_login_is_that_of_the_role_whose_secret_it_is(laid: Resources) -> None:
    roles = {"OwnerSecret": "twin_owner", "AppSecret": "twin_app", "PipelineSecret": "twin_pipeline"}
    for name, role in roles.items():
        template = laid[name]["Properties"]["GenerateSecretString"]["SecretStringTemplate"]
        assert json.loads(template) == {"username": role}


def test_postgresql_sleeps_at_zero_with_nothing_in_front_that_keeps_it_awake(laid: Resources) -> None:
    scaling = laid["Postgres"]["Properties"]["ServerlessV2ScalingConfiguration"]
    assert scaling["MinCapacity"] == 0
    assert laid["PostgresInstance"]["Properties"]["DBInstanceClass"] == "db.serverless"
    assert not of_type(laid, "AWS::RDS::DBProxy")


def test_qdrant_is_the_version_that_the_tests_know(foundation: dict[str, Any]) -> None:
    compose = yaml.safe_load((ROOT / "infra/compose/compose.yaml").read_text())["services"]["qdrant"]
    assert foundation["Parameters"]["QdrantImage"]["Default"] == compose["image"]


def test_there_are_never_two_qdrants_and_whenever_one_starts_it_is_filled(laid: Resources) -> None:
    service = laid["QdrantService"]["Properties"]
    assert (service["DesiredCount"], service["DeploymentConfiguration"]["MaximumPercent"]) == (1, 100)
    rule = laid["QdrantStarted"]["Properties"]
    assert rule["EventPattern"]["detail"] == {
        "clusterArn": [{"Fn::GetAtt": ["QdrantCluster", "Arn"]}],
        "lastStatus": ["RUNNING"],
        "desiredStatus": ["RUNNING"],
    }
    (target,) = rule["Targets"]
    assert json.loads(target["Input"]) == {"recreate": True}
    assert target["Arn"]["Fn::Sub"].endswith(":stateMachine:${ProductStack}-Reindex")
    assert "Volumes" not in laid["QdrantTask"]["Properties"]  # a network disk would break it


def test_its_key_comes_from_the_secret_that_the_functions_read(laid: Resources, foundation: dict[str, Any]) -> None:
    (container,) = laid["QdrantTask"]["Properties"]["ContainerDefinitions"]
    (secret,) = container["Secrets"]
    assert secret == {"Name": "QDRANT__SERVICE__API_KEY", "ValueFrom": {"Fn::Sub": "${QdrantSecret}:api_key::"}}
    assert foundation["Outputs"]["QdrantSecretArn"]["Value"] == {"Ref": "QdrantSecret"}
    assert laid["QdrantSecret"]["Properties"]["GenerateSecretString"]["GenerateStringKey"] == "api_key"
