"""Data put where an import hears it, and machines that are waited for."""

from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from infra.deploy.up import seed
from infra.deploy.up.journey import Up
from infra.deploy.up.steps import Unfinished
from tests.infrastructure.up.conftest import API, REGION, TENANT, Web, Written


class Steps:
    """Step Functions in memory: an execution runs for one look, then ends as told."""

    def __init__(self, *statuses: str) -> None:
        self.started: list[dict[str, Any]] = []
        self.statuses = list(statuses)
        self.heard: list[str] = []  # executions that something else starts

    def start_execution(self, **given: Any) -> dict[str, str]:
        self.started.append(given)
        return {"executionArn": "execution"}

    def describe_execution(self, executionArn: str) -> dict[str, str]:
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        return {"status": status, "cause": "a cause"}

    def list_executions(self, stateMachineArn: str, statusFilter: str = "") -> dict[str, Any]:
        names = [] if statusFilter else self.heard
        return {"executions": [{"executionArn": name} for name in names]}


class WithSteps(Written):
    def client(self, service: str) -> Any:
        return self.steps if service == "stepfunctions" else super().client(service)

    steps: Steps


@pytest.fixture
def machines(site: Written) -> WithSteps:
    made = WithSteps(http=site.http, stacks=site.stacks)
    object.__setattr__(made, "steps", Steps("RUNNING", "SUCCEEDED"))
    return made


def test_the_market_s_files_lie_where_the_import_machine_hears_them(site: Written, tmp_path: Path) -> None:
    boto3.client("s3").create_bucket(Bucket="twin", CreateBucketConfiguration={"LocationConstraint": REGION})
    site.stacks[site.stack]["BucketName"] = "twin"
    assert " properties, " in seed.make_market("mesa", tmp_path)
    told = [seed.put_file(site, TENANT, tmp_path / name) for name in seed.FILES]
    assert told == [f"s3://twin/imports/{TENANT}/{name}" for name in ("properties.csv.gz", "interactions.csv.gz")]
    assert len(boto3.client("s3").list_objects_v2(Bucket="twin")["Contents"]) == 2


def test_a_market_that_there_is_not_is_told_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(Unfinished, match="no market nowhere: SEED is one of harborview, mesa, chesapeake"):
        seed.make_market("nowhere", tmp_path)


def test_a_machine_is_started_and_waited_for(machines: WithSteps) -> None:
    said: list[str] = []
    assert (
        seed.Machine(machines, "Retrain", every=0).run({"tenant_ids": [TENANT]}, 5, said.append) == "Retrain succeeded"
    )
    (started,) = machines.steps.started
    assert started["stateMachineArn"].endswith(":stateMachine:portfolio-twin-dev-Retrain")
    assert said == ["      execution"]


def test_an_execution_that_fails_is_told_with_its_cause(machines: WithSteps) -> None:
    machines.steps.statuses = ["FAILED"]
    with pytest.raises(Unfinished, match="Retrain failed: a cause"):
        seed.Machine(machines, "Retrain", every=0).run({}, 5, lambda _: None)


def test_an_import_that_nothing_starts_is_not_waited_for_for_ever(machines: WithSteps) -> None:
    with pytest.raises(Unfinished, match="not done after 0 minutes"):
        seed.Machine(machines, "Import", every=0).hear(set(), 0, lambda _: None)
    machines.steps.heard = ["one"]
    assert seed.Machine(machines, "Import", every=0).hear(set(), 5, lambda _: None) == "Import has ended"


@pytest.mark.parametrize(("statuses", "trainings"), [([200], 0), ([503, 200], 1)])
def test_a_tenant_with_a_model_is_not_trained_again(
    machines: WithSteps, web: Web, statuses: list[int], trainings: int
) -> None:
    web.recommends = statuses
    journey = Up(machines, "mesa", "mesa", Console(quiet=True))
    journey.url, journey.tenant_id = API, TENANT
    machines.steps.statuses = ["SUCCEEDED"]
    journey.retrain()
    assert len(machines.steps.started) == trainings
