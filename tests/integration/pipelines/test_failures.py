"""Bad days of the two state machines, read from the execution history."""

import signal
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.local.cloud.batch import BatchJobs
from portfolio_twin.errors import IndexUnavailable
from tests.integration.fixtures.machines import (
    Pipeline,
    attempts_to_train,
    notified,
    outcome,
    pipeline,
    python,
    steps,
    tenant,
)
from tests.integration.fixtures.stub_steps import VERSION, StubSteps

__all__ = ["pipeline", "steps", "tenant"]  # pytest finds the fixtures by their names here


@pytest.mark.parametrize(
    "dies", ["sys.exit(1)", "sys.exit(137)", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 15)"]
)
def test_a_trainer_that_dies_is_tried_three_times_then_told_and_nothing_is_promoted(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID, dies: str
) -> None:
    with pipeline(python(f"import os, sys; print('out of luck', flush=True); {dies}")) as machines:
        execution = machines.retrain()
    assert (execution.status, execution.error) == ("FAILED", "TenantFailed")
    assert outcome(execution, tenant) == "Failed"
    assert attempts_to_train(execution) == 3
    assert notified(execution) == [f"Portfolio Twin: Failed ({VERSION})"]
    error = execution.tenants[str(tenant)].details["error"]
    assert error["Error"] == "States.TaskFailed"
    assert "out of luck" in error["Cause"]
    assert steps.count("promote_model") == 1  # to give the lease back
    assert not steps.lease(tenant).held_by(execution.arn)


def test_a_trainer_that_dies_once_is_started_again_and_the_run_goes_on(
    pipeline: Pipeline, tenant: uuid.UUID, tmp_path: Path
) -> None:
    code = f"import os, sys\np = {str(tmp_path / 'once')!r}\nif not os.path.exists(p): open(p, 'w'); sys.exit(137)"
    with pipeline(python(code)) as machines:
        execution = machines.retrain()
    assert outcome(execution, tenant) == "Promoted"
    assert attempts_to_train(execution) == 2


def test_a_trainer_that_hangs_is_killed_at_its_limit_and_tried_again(pipeline: Pipeline, tenant: uuid.UUID) -> None:
    with pipeline(python("import time; time.sleep(600)"), time_scale=0.0002) as machines:  # 5 100 s become 1 s
        execution = machines.retrain()
    assert outcome(execution, tenant) == "Failed"
    assert attempts_to_train(execution) == 3
    assert "exceeded timeout" in execution.tenants[str(tenant)].details["error"]["Cause"]


def test_a_throttled_lambda_is_called_again(pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID) -> None:
    answers = [429]

    def throttle(request: Any, **_: Any) -> AWSResponse | None:
        if "check_data" not in request.url or not answers:
            return None
        headers = {"x-amzn-ErrorType": "TooManyRequestsException", "x-amzn-RequestId": "1"}
        return AWSResponse(request.url, answers.pop(), headers, Empty())

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first("before-send.lambda.Invoke", throttle)  # ahead of the pipeline's
    with pipeline() as machines:
        execution = machines.retrain()
    boto3.setup_default_session()
    failures = [event["taskFailedEventDetails"]["error"] for event in execution.events_of("TaskFailed")]
    assert failures == ["Lambda.TooManyRequestsException"]
    assert outcome(execution, tenant) == "Promoted"


class Empty:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"{}"


def test_a_store_that_is_down_for_a_moment_is_tried_again(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    failures = [IndexUnavailable("restarting")]

    def flaky(event: dict[str, Any]) -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return steps.do_index_shard(event)

    steps.instead["index_shard"] = flaky
    with pipeline() as machines:
        execution = machines.retrain()
    assert outcome(execution, tenant) == "Promoted"
    assert steps.count("index_shard") == 4


def test_an_error_in_our_own_code_is_not_tried_again(pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID) -> None:
    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise ZeroDivisionError("a bug")

    steps.instead["prepare_data"] = broken
    with pipeline() as machines:
        execution = machines.retrain()
    assert steps.count("prepare_data") == 1
    assert execution.tenants[str(tenant)].details["error"]["Error"] == "ZeroDivisionError"
    assert "a bug" in execution.tenants[str(tenant)].details["error"]["Cause"]


def test_one_tenant_fails_and_the_other_finishes(pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID) -> None:
    unlucky = uuid.uuid4()
    steps.tenants = (unlucky, tenant)

    def refuses_one(event: dict[str, Any]) -> dict[str, Any]:
        if event["tenant_id"] == str(unlucky):
            raise ValueError("rotten data")
        return steps.do_prepare_data(event)

    steps.instead["prepare_data"] = refuses_one
    with pipeline() as machines:
        execution = machines.retrain()
    assert execution.status == "FAILED"
    assert (outcome(execution, unlucky), outcome(execution, tenant)) == ("Failed", "Promoted")
    assert sorted(notified(execution)) == [
        f"Portfolio Twin: Failed ({VERSION})",
        f"Portfolio Twin: Promoted ({VERSION})",
    ]


def test_a_run_that_fails_in_reindex_promotes_nothing_and_the_next_run_goes_through(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    def killed(event: dict[str, Any]) -> dict[str, Any]:
        raise MemoryError("killed in the middle of a shard")

    steps.instead["index_shard"] = killed
    with pipeline() as machines:
        failed = machines.retrain()
        del steps.instead["index_shard"]
        again = machines.retrain()
    assert outcome(failed, tenant) == "Failed"
    nested = [
        step.input["error"]["Error"] for step in failed.steps if (step.machine, step.state) == ("reindex", "Notify")
    ]
    assert nested == ["MemoryError"]
    assert "PromoteModel" not in failed.states(tenant)
    assert outcome(again, tenant) == "Promoted"


def test_a_notification_that_fails_keeps_the_first_cause(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise ValueError("the first cause")

    steps.instead["prepare_data"] = broken
    with pipeline() as machines:
        boto3.client("sns").delete_topic(TopicArn=machines.topic_arn)
        execution = machines.retrain()
    details = execution.tenants[str(tenant)].details
    assert details["error"]["Error"] == "ValueError"
    assert details["notification_error"]["Error"].startswith("SNS.")


def test_a_machine_that_cannot_list_its_tenants_says_so_and_fails(pipeline: Pipeline, steps: StubSteps) -> None:
    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise KeyError("tenants")

    steps.instead["list_tenants"] = broken
    with pipeline() as machines:
        execution = machines.retrain()
    assert (execution.status, execution.error) == ("FAILED", "KeyError")
    assert notified(execution) == ["Portfolio Twin: the retrain machine itself failed"]


def test_a_lease_left_by_a_process_that_was_killed_does_not_block_the_next(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    assert steps.lease(tenant).acquire("an execution of a dead process", 3600)
    with pipeline() as machines:
        assert outcome(machines.retrain(), tenant) == "Promoted"


def test_a_job_that_ignores_sigterm_is_killed() -> None:
    jobs = BatchJobs(
        python("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"), grace_seconds=0.1
    )
    job = jobs.submit("stubborn", {}, limit_seconds=1.0)
    job.process.wait(30)
    description = jobs.describe(job.job_id)
    assert (description["status"], description["container"]["exitCode"]) == ("FAILED", 128 + signal.SIGKILL)
