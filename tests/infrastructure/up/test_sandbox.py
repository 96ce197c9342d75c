"""The checks that only an account can answer: that they refuse any other account, and see what they look for."""

import json
from contextlib import suppress
from typing import Any

import boto3
import pytest

from infra.deploy.sandbox import canary, checks
from infra.deploy.sandbox.__main__ import CHECKS, confirm, run
from infra.deploy.up.steps import Unfinished
from tests.infrastructure.resources import Resources
from tests.infrastructure.up.conftest import REGION, Written

ACCOUNT = "123456789012"  # moto's


@pytest.mark.parametrize("named", ["", "1", "000000000000"])
def test_no_account_is_touched_that_is_not_named(site: Written, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX", named)
    with pytest.raises(Unfinished, match=f"SANDBOX={ACCOUNT} make sandbox"):
        confirm(site)
    monkeypatch.setenv("SANDBOX", ACCOUNT)
    confirm(site)


def test_without_a_stack_it_says_how_to_get_one(site: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX", ACCOUNT)
    site.stacks.clear()
    with pytest.raises(Unfinished, match="make up SEED=harborview"):
        confirm(site)


def test_one_check_that_fails_does_not_stop_the_others(site: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> str:
        raise Unfinished("as expected")

    monkeypatch.setitem(CHECKS, "conditional writes", fail)
    monkeypatch.setitem(CHECKS, "zeros of AWS/States", lambda *_: "three")
    said: list[str] = []
    assert run(site, said.append, ["conditional writes", "zeros of AWS/States"]) == ["conditional writes"]
    assert said[1::2] == ["  FAILED: as expected", "  ok: three"]


def test_a_bucket_that_takes_a_write_without_its_condition_is_told_and_left_clean(site: Written) -> None:
    """moto keeps no bucket policy: exactly what the check is there for."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="twin", CreateBucketConfiguration={"LocationConstraint": REGION})
    site.stacks[site.stack]["BucketName"] = "twin"
    with pytest.raises(Unfinished, match="was written, where AccessDenied was expected"):
        checks.conditional_writes(site, lambda _: None)
    assert "Contents" not in s3.list_objects_v2(Bucket="twin")


def test_what_codedeploy_is_told_moves_the_alias_between_the_two_versions() -> None:
    (resource,) = json.loads(canary.appspec("stack-Predict", "3", "4"))["Resources"]
    assert resource["Predict"]["Properties"] == {
        "Name": "stack-Predict", "Alias": "live", "CurrentVersion": "3", "TargetVersion": "4",
    }  # fmt: skip


def test_the_deployment_group_that_it_uses_is_the_product_s(expanded: Resources) -> None:
    assert expanded["ServerlessDeploymentApplication"]["Type"] == "AWS::CodeDeploy::Application"
    assert expanded["PredictDeploymentGroup"]["Type"] == "AWS::CodeDeploy::DeploymentGroup"


def test_whatever_happens_the_function_gets_its_layers_and_its_snapshots_back() -> None:
    functions = Functions()
    with suppress(Unfinished), canary.broken_version(functions, "stack-Predict") as version:
        assert version == "7"
        raise Unfinished("in the middle")
    assert functions.configured == [([], "None"), (["layer"], "PublishedVersions")]
    assert functions.deleted == ["7"]


class Functions:
    """Lambda, as far as the canary asks it."""

    def __init__(self) -> None:
        self.configured: list[tuple[list[str], str]] = []
        self.deleted: list[str] = []

    def get_function_configuration(self, FunctionName: str) -> dict[str, Any]:
        return {"Layers": [{"Arn": "layer"}], "SnapStart": {"ApplyOn": "PublishedVersions"}}

    def update_function_configuration(self, FunctionName: str, Layers: list[str], SnapStart: dict[str, str]) -> None:
        self.configured.append((Layers, SnapStart["ApplyOn"]))

    def publish_version(self, FunctionName: str, Description: str) -> dict[str, str]:
        return {"Version": "7"}

    def delete_function(self, FunctionName: str, Qualifier: str) -> None:
        self.deleted.append(Qualifier)

    def get_waiter(self, _: str) -> "Functions":
        return self

    def wait(self, **_: str) -> None:
        pass
