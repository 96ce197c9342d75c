"""The retrain machine at its edges: no tenant, a thousand, a poisoned one, and a run that follows a dead one."""

import time
from typing import Any
from uuid import uuid4

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.bucket import Bucket
from tests.integration.fixtures.machines import DIGEST, Machines, notified
from tests.integration.fixtures.stub_steps import StubSteps
from tests.integration.pipelines.history import (
    BYTES_LIMIT,
    EVENTS_LIMIT,
    events_by_execution,
    history_of,
    largest_payload,
)

SKIP = {"decision": "skip", "reasons": ["99 positives, 100 are needed"]}
PROMOTED_EVENTS, FAILED_EVENTS, SKIPPED_EVENTS, RUN_EVENTS = 49, 25, 22, 28


def many(server: S3Server, count: int) -> Machines:
    """The first tenant is poisoned, the second one learns, the others have too little to learn from."""
    tenants = [uuid4() for _ in range(count)]
    made = Machines(server, StubSteps(Bucket(server.bucket), *tenants), tenants[0])

    def check(event: dict[str, Any]) -> dict[str, Any]:
        if event["tenant_id"] == str(tenants[0]):
            raise ValueError("a row that nobody thought of")
        answer = made.steps.do_check_data(event)
        return answer if event["tenant_id"] == str(tenants[1]) else answer | SKIP

    made.instead("check_data", check)
    return made


def run(machines: Machines) -> tuple[dict[str, Any], list[Any]]:
    """As it ended, and its history."""
    with machines.started() as pipeline:
        arn = pipeline.start("retrain", {})
        while (ended := pipeline._engine.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.2)
        return ended, history_of(arn)


def test_a_run_without_tenants_succeeds_and_tells_nobody(machines: Machines) -> None:
    machines.steps.tenants = ()
    execution = machines.retrain()
    assert (execution.status, notified(execution)) == ("SUCCEEDED", [])
    assert machines.steps.count("list_tenants") == 1


@pytest.mark.parametrize("count", [3, 1_000])
def test_however_many_tenants_the_histories_and_payloads_stay_as_small(server: S3Server, count: int) -> None:
    machines = many(server, count)
    ended, events = run(machines)
    # It says so, and the others have finished.
    assert (ended["status"], ended["error"]) == ("FAILED", "TenantFailed"), ended["cause"]
    of_the_run, of_tenants = events_by_execution(events)
    assert of_the_run == RUN_EVENTS
    assert sorted(of_tenants) == [SKIPPED_EVENTS] * (count - 2) + [FAILED_EVENTS, PROMOTED_EVENTS]
    assert max(of_the_run, *of_tenants) < EVENTS_LIMIT
    assert largest_payload(events) < 4_000 < BYTES_LIMIT
    assert machines.steps.count("promote_model") == count  # each gave its lease back, but who never took one
    assert not any(machines.steps.lease(tenant).held_by(ended["executionArn"]) for tenant in machines.steps.tenants)


def test_one_digest_names_who_failed_and_counts_the_others(server: S3Server) -> None:
    machines = many(server, 4)
    execution = machines.retrain()
    (digest,) = [
        step.output["digest"] for step in execution.steps if (step.machine, step.state) == ("retrain", "Outcome")
    ]
    assert (digest["outcomes"], digest["failed"]) == ({"Failed": 1, "Promoted": 1, "Skipped": 2}, 1)
    assert [one["tenant_id"] for one in digest["named"]] == [str(machines.tenant)]
    assert notified(execution).count(DIGEST) == 1


def test_after_a_dead_run_another_takes_the_tenants_that_it_left_and_fences_those_it_holds(server: S3Server) -> None:
    machines = many(server, 3)
    _, held, free = machines.steps.tenants
    assert machines.steps.lease(held).acquire("a dead run", 3600)
    with machines.started() as pipeline:
        pipeline._drop_leases_of_the_dead = lambda: None  # type: ignore[method-assign]  # as in the cloud: until it runs out
        assert machines.steps.lease(held).acquire("a dead run", 3600)
        execution = pipeline.retrain()
    outcomes = {tenant: run.outcome for tenant, run in execution.tenants.items()}
    assert outcomes[str(free)] == "Skipped"
    assert machines.steps.lease(held).held_by("a dead run")
    assert "PrepareData" not in execution.states(held)
