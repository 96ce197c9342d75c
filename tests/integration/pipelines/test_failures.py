"""Bad days of the two state machines, read from the execution history."""

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.local.cloud.batch import BatchJobs
from portfolio_twin.errors import IndexUnavailable
from tests.integration.fixtures.machines import DIGEST, Machines, attempts_to_train, notified, python
from tests.integration.fixtures.stub_steps import VERSION


@pytest.mark.case(28)
@pytest.mark.parametrize(
    "dies", ["sys.exit(1)", "sys.exit(137)", "os.kill(os.getpid(), 9)", "os.kill(os.getpid(), 15)"]
)
def test_a_trainer_that_dies_is_tried_three_times_then_told_and_nothing_is_promoted(
    machines: Machines, dies: str
) -> None:
    execution = machines.retrain(f"import os, sys; print('out of luck', flush=True); {dies}")
    assert (execution.status, execution.error) == ("FAILED", "TenantFailed")
    assert machines.outcome(execution) == "Failed"
    assert attempts_to_train(execution) == 3
    assert notified(execution) == [f"Portfolio Twin: Failed ({VERSION})", DIGEST]
    error = machines.details(execution)["error"]
    assert error["Error"] == "States.TaskFailed"
    assert "out of luck" in error["Cause"]
    assert machines.steps.count("promote_model") == 1  # to give the lease back
    assert not machines.lease_held_by(execution)


def test_a_trainer_that_dies_once_is_started_again_and_the_run_goes_on(machines: Machines, tmp_path: Path) -> None:
    once = str(tmp_path / "once")
    execution = machines.retrain(f"import os, sys\nif not os.path.exists({once!r}): open({once!r}, 'w'); sys.exit(137)")
    assert machines.outcome(execution) == "Promoted"
    assert attempts_to_train(execution) == 2


@pytest.mark.case(28)
def test_a_trainer_that_hangs_is_killed_at_its_limit_and_tried_again(machines: Machines) -> None:
    execution = machines.retrain("import time; time.sleep(600)", time_scale=0.0002)  # 5 100 s become 1 s
    assert machines.outcome(execution) == "Failed"
    assert attempts_to_train(execution) == 3
    assert "exceeded timeout" in machines.details(execution)["error"]["Cause"]


def test_a_throttled_lambda_is_called_again(machines: Machines) -> None:
    answers = [429]

    def throttle(request: Any, **_: Any) -> AWSResponse | None:
        if "check_data" not in request.url or not answers:
            return None
        headers = {"x-amzn-ErrorType": "TooManyRequestsException", "x-amzn-RequestId": "1"}
        return AWSResponse(request.url, answers.pop(), headers, Empty())

    boto3.setup_default_session()
    boto3.DEFAULT_SESSION.events.register_first("before-send.lambda.Invoke", throttle)  # ahead of the pipeline's
    execution = machines.retrain()
    boto3.setup_default_session()
    failures = [event["taskFailedEventDetails"]["error"] for event in execution.events_of("TaskFailed")]
    assert failures == ["Lambda.TooManyRequestsException"]
    assert machines.outcome(execution) == "Promoted"


class Empty:
    def stream(self, **_: Any) -> Iterator[bytes]:
        yield b"{}"


def test_a_store_that_is_down_for_a_moment_is_tried_again(machines: Machines) -> None:
    failures = [IndexUnavailable("restarting")]

    def flaky(event: dict[str, Any]) -> dict[str, Any]:
        if failures:
            raise failures.pop()
        return machines.steps.do_index_shard(event)

    machines.instead("index_shard", flaky)
    assert machines.outcome(machines.retrain()) == "Promoted"
    assert machines.steps.count("index_shard") == 4


def test_an_error_in_our_own_code_is_not_tried_again(machines: Machines) -> None:
    machines.fail("prepare_data", ZeroDivisionError("a bug"))
    error = machines.details(machines.retrain())["error"]
    assert machines.steps.count("prepare_data") == 1
    assert error["Error"] == "ZeroDivisionError"
    assert "a bug" in error["Cause"]


@pytest.mark.case(31)
def test_one_tenant_fails_and_the_other_finishes(machines: Machines) -> None:
    steps, unlucky = machines.steps, uuid4()
    steps.tenants = (unlucky, machines.tenant)

    def refuses_one(event: dict[str, Any]) -> dict[str, Any]:
        if event["tenant_id"] == str(unlucky):
            raise ValueError("rotten data")
        return steps.do_prepare_data(event)

    machines.instead("prepare_data", refuses_one)
    execution = machines.retrain()
    assert execution.status == "FAILED"
    assert (execution.tenants[str(unlucky)].outcome, machines.outcome(execution)) == ("Failed", "Promoted")
    assert notified(execution) == [f"Portfolio Twin: Failed ({VERSION})", DIGEST]


def test_a_run_that_fails_in_reindex_promotes_nothing_and_the_next_run_goes_through(machines: Machines) -> None:
    machines.fail("index_shard", MemoryError("killed in the middle of a shard"))
    with machines.started() as pipeline:
        failed = pipeline.retrain()
        del machines.steps.instead["index_shard"]
        again = pipeline.retrain()
    assert machines.outcome(failed) == "Failed"
    nested = [step.input["error"] for step in failed.steps if (step.machine, step.state) == ("reindex", "Notify")]
    assert [error["Error"] for error in nested] == ["MemoryError"]
    assert "PromoteModel" not in failed.states(machines.tenant)
    assert machines.outcome(again) == "Promoted"


@pytest.mark.case(31)
def test_a_notification_that_fails_keeps_the_first_cause(machines: Machines) -> None:
    machines.fail("prepare_data", ValueError("the first cause"))
    with machines.started() as pipeline:
        boto3.client("sns").delete_topic(TopicArn=pipeline.topic_arn)
        details = machines.details(pipeline.retrain())
    assert details["error"]["Error"] == "ValueError"
    assert details["notification_error"]["Error"].startswith("SNS.")


def test_a_machine_that_cannot_list_its_tenants_says_so_and_fails(machines: Machines) -> None:
    machines.fail("list_tenants", KeyError("tenants"))
    execution = machines.retrain()
    assert (execution.status, execution.error) == ("FAILED", "KeyError")
    assert notified(execution) == ["Portfolio Twin: the retrain machine itself failed"]


def test_a_lease_left_by_a_process_that_was_killed_does_not_block_the_next(machines: Machines) -> None:
    assert machines.steps.lease(machines.tenant).acquire("an execution of a dead process", 3600)
    assert machines.outcome(machines.retrain()) == "Promoted"


def test_a_job_that_ignores_sigterm_is_killed() -> None:
    stubborn = python("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)")
    jobs = BatchJobs(stubborn, grace_seconds=0.1)
    job = jobs.submit("stubborn", {}, limit_seconds=1.0)
    job.process.wait(30)
    described = jobs.describe(job.job_id)
    assert (described["status"], described["container"]["exitCode"]) == ("FAILED", 128 + signal.SIGKILL)


def test_a_job_alone_has_every_core_and_those_beside_it_their_share(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("infra.local.cloud.batch.cpu_count", lambda: 4)
    monkeypatch.delenv("LOKY_MAX_CPU_COUNT", raising=False)
    go = tmp_path / "go"
    waits = f"import os, sys, time\nwhile not os.path.exists({str(go)!r}): time.sleep(0.01)\n"
    jobs = BatchJobs(python(f"{waits}sys.exit(int(os.environ['LOKY_MAX_CPU_COUNT']))"))
    together = [jobs.submit("together", {}, limit_seconds=None) for _ in range(5)]
    go.touch()
    assert [job.process.wait(30) for job in together] == [4, 2, 1, 1, 1]
    alone = jobs.submit("alone", {}, limit_seconds=None)
    assert alone.process.wait(30) == 4
    jobs.stop()
