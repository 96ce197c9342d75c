"""The import machine, the very file: a put object starts it, and what its step decides is what follows."""

from collections.abc import Callable
from typing import Any

import pytest

from infra.local.cloud.executions import Execution
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.errors import DatabaseUnavailable
from tests.integration.fixtures.machines import Machines, notified
from tests.integration.fixtures.stub_steps import StubSteps

NOTHING = {"decision": "unchanged", "files": [], "refused": False, "reindex": False, "retrain": False}


@pytest.fixture
def machines(server: S3Server, two_tenants: Any) -> Machines:
    return Machines(server, StubSteps(Bucket(server.bucket), two_tenants[0]), two_tenants[0])


def run(machines: Machines, **decided: Any) -> Execution:
    machines.instead("import_data", lambda event: NOTHING | decided)
    with machines.started() as pipeline:
        return pipeline.import_data(tenant_id=str(machines.tenant))


def test_what_was_imported_is_indexed_and_learnt_from(machines: Machines) -> None:
    execution = run(machines, decision="imported", reindex=True, retrain=True)
    assert (execution.status, machines.outcome(execution)) == ("SUCCEEDED", "Imported")
    own = [step.state for step in execution.steps if step.machine == "import"]
    assert own == [
        "ListTenants", "Settle", "Tenants", "Import", "ImportDecision", "HasModel", "Reindex", "IsEnough", "Retrain",
        "Imported", "AnyRefused", "Finish", "Outcome", "AnyFailed", "Done",
    ]  # fmt: skip
    assert {step.machine for step in execution.steps} == {"import", "reindex", "retrain"}
    assert notified(execution) == []


@pytest.mark.parametrize(
    ("decided", "outcome", "messages"),
    [
        ({"decision": "imported"}, "Imported", 0),
        ({"decision": "imported", "refused": True}, "Imported", 1),
        ({"decision": "refused", "refused": True}, "Refused", 1),
        ({"decision": "unchanged"}, "Unchanged", 0),
        ({"decision": "already_running"}, "AlreadyRunning", 0),
    ],
)
def test_what_is_refused_is_told_and_everything_else_just_ends(
    machines: Machines, decided: dict[str, Any], outcome: str, messages: int
) -> None:
    execution = run(machines, **decided)
    assert (execution.status, machines.outcome(execution)) == ("SUCCEEDED", outcome)
    assert len(notified(execution)) == messages
    assert {step.machine for step in execution.steps} == {"import"}


def test_a_store_that_is_down_is_tried_again(machines: Machines) -> None:
    answers: list[Callable[[], dict[str, Any]]] = [_down, lambda: NOTHING]
    machines.instead("import_data", lambda event: answers.pop(0)())
    with machines.started() as pipeline:
        assert pipeline.import_data(tenant_id=str(machines.tenant)).status == "SUCCEEDED"


def _down() -> dict[str, Any]:
    raise DatabaseUnavailable("down")


def test_a_failure_gives_the_lease_back_is_told_and_keeps_its_cause(machines: Machines) -> None:
    machines.fail("import_data", ValueError("a mistake"))
    with machines.started() as pipeline:
        execution = pipeline.import_data(tenant_id=str(machines.tenant))
    assert (execution.status, machines.outcome(execution)) == ("FAILED", "Failed")
    assert machines.details(execution)["error"]["Error"] == "ValueError"
    assert machines.steps.count("import_data") == 2  # the second one to release the lease
    assert len(notified(execution)) == 1


def test_an_object_that_is_put_starts_the_machine_and_a_report_does_not(machines: Machines, server: S3Server) -> None:
    folder = f"imports/{machines.tenant}"
    with machines.started() as pipeline:
        for name in ("properties.csv.report.json", "properties.csv"):
            connect().put_object(Bucket=server.bucket, Key=f"{folder}/{name}", Body=b"property_id,lat\na,1\n")
        (arn,) = pipeline.executions("import")
        assert pipeline.wait(arn).status == "SUCCEEDED"
        assert [called for called, _ in machines.steps.calls][:2] == ["list_tenants", "import_data"]
