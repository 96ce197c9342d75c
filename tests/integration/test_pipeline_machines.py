"""Both state machines, the files themselves, executed whole; what happened is read from the execution history."""

import json
import signal
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse

from infra.local.batch_jobs import BatchJobs
from infra.local.executions import Execution, Step
from infra.local.pipeline import LocalPipeline
from infra.local.s3_server import S3Server
from portfolio_twin.adapters.registry import Registry
from portfolio_twin.errors import IndexUnavailable
from tests.integration.stub_steps import VERSION, StubSteps

GOOD_TRAINER = (sys.executable, "-c", "")
UPLOAD_PATH = ["ListTenants", "Tenants", "Entry", "EvaluateGates", "GatesDecision"]

Pipeline = Callable[..., AbstractContextManager[LocalPipeline]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("state"), "machines-bucket") as running, pytest.MonkeyPatch.context() as env:
        for name, value in running.environment.items():
            env.setenv(name, value)
        yield running


@pytest.fixture
def tenant() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def steps(server: S3Server, tenant: uuid.UUID) -> StubSteps:
    return StubSteps(Registry(server.bucket), tenant)


@pytest.fixture
def pipeline(server: S3Server, steps: StubSteps) -> Pipeline:
    def started(train: tuple[str, ...] = GOOD_TRAINER, **options: Any) -> LocalPipeline:
        return LocalPipeline(server, steps.handlers(), train, **{"time_scale": 0.01, **options})

    return started


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def outcome(execution: Execution, tenant: uuid.UUID) -> str:
    return execution.tenants[str(tenant)].outcome


def notified(execution: Execution) -> list[str]:
    scheduled = [event["taskScheduledEventDetails"] for event in execution.events_of("TaskScheduled")]
    return [json.loads(task["parameters"])["Subject"] for task in scheduled if task["resourceType"] == "sns"]


def attempts_to_train(execution: Execution) -> int:
    submitted = [event["taskSubmittedEventDetails"] for event in execution.events_of("TaskSubmitted")]
    return sum(task["resourceType"] == "batch" for task in submitted)


def test_the_good_path_ends_promoted_and_is_told(pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID) -> None:
    with pipeline() as machines:
        execution = machines.retrain()
    assert execution.status == "SUCCEEDED"
    assert execution.output["tenants"] == [{"tenant_id": str(tenant), "version": VERSION, "outcome": "Promoted"}]
    own = [step.state for step in execution.steps if step.machine == "retrain"]
    assert own == [
        "ListTenants", "Tenants", "Entry", "CheckData", "DataDecision", "PrepareData", "Train", "EvaluateGates",
        "GatesDecision", "DeployModel", "Reindex", "PromoteModel", "Promoted", "Notify", "Finish", "Outcome",
        "AnyFailed", "Done",
    ]  # fmt: skip
    assert notified(execution) == [f"Portfolio Twin: Promoted ({VERSION})"]
    run = execution.tenants[str(tenant)]
    assert run.details["promotion"]["indexed"] == {"properties": 2, "users": 1}
    assert run.seconds["Train"] > 0
    assert not steps.registry.holds_lease(tenant, execution.arn)


def test_the_nested_reindex_indexes_every_shard_properties_first(pipeline: Pipeline, steps: StubSteps) -> None:
    with pipeline() as machines:
        execution = machines.retrain()
    nested = [step.state for step in execution.steps if step.machine == "reindex"]
    assert nested.count("IndexProperties") == 2
    assert nested.count("IndexUsers") == 1
    assert nested.index("UserShards") > nested.index("IndexProperties")
    assert steps.count("index_shard") == 3


def test_the_trainer_is_told_what_to_train(pipeline: Pipeline, tenant: uuid.UUID, tmp_path: Path) -> None:
    seen = tmp_path / "environment.json"
    with pipeline(python(f"import json, os; json.dump(dict(os.environ), open({str(seen)!r}, 'w'))")) as machines:
        machines.retrain()
    environment = json.loads(seen.read_text())
    expected = {
        "BUCKET": "machines-bucket", "TENANT_ID": str(tenant), "VERSION": VERSION, "SNAPSHOT_ID": "s",
        "MODEL_KIND": "twin", "OUTPUT_PREFIX": f"{tenant}/training/{VERSION}/", "EPOCHS": "3", "BATCH_SIZE": "",
    }  # fmt: skip
    assert environment.items() >= expected.items()


def test_each_step_entered_and_left_is_told_as_it_happens(pipeline: Pipeline, tenant: uuid.UUID) -> None:
    told: list[Step] = []
    with pipeline(watch=told.append) as machines:
        machines.retrain()
    train = [step for step in told if step.state == "Train"]
    assert [step.left is None for step in train] == [True, False]
    assert {step.tenant_id for step in train} == {str(tenant)}


def test_too_little_data_ends_skipped_with_its_reasons_and_nothing_written(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    def too_little(event: dict[str, Any]) -> dict[str, Any]:
        return steps.do_check_data(event) | {"decision": "skip", "reasons": ["99 positives, 100 are needed"]}

    steps.instead["check_data"] = too_little
    with pipeline() as machines:
        execution = machines.retrain()
    run = execution.tenants[str(tenant)]
    assert (execution.status, run.outcome) == ("SUCCEEDED", "Skipped")
    assert run.details["check"]["reasons"] == ["99 positives, 100 are needed"]
    assert "PrepareData" not in execution.states(tenant)
    assert not steps.registry.holds_lease(tenant, execution.arn)


def test_a_tenant_with_too_little_to_learn_from_gets_the_content_model_by_the_same_path(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    steps.instead["check_data"] = lambda event: steps.do_check_data(event) | {"decision": "content"}
    with pipeline(python("import os, sys; sys.exit(os.environ['MODEL_KIND'] != 'content')")) as machines:
        execution = machines.retrain()
    assert outcome(execution, tenant) == "Promoted"


def test_a_failed_gate_ends_rejected_is_told_and_nothing_is_deployed(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    rejected = {"decision": "rejected", "reasons": ["f1 is 0.59, at least 0.6 is needed"], "gates": {}, "kind": "twin"}
    steps.instead["evaluate_gates"] = lambda event: rejected
    with pipeline() as machines:
        execution = machines.retrain()
    assert execution.status == "SUCCEEDED"
    assert execution.tenants[str(tenant)].details["gates"]["reasons"] == rejected["reasons"]
    assert outcome(execution, tenant) == "Rejected"
    assert notified(execution) == [f"Portfolio Twin: Rejected ({VERSION})"]
    assert steps.count("deploy_model") == 0
    assert not steps.registry.holds_lease(tenant, execution.arn)


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
    assert not steps.registry.holds_lease(tenant, execution.arn)


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


def test_a_second_run_of_the_same_tenant_ends_already_running(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    second_is_over = threading.Event()

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        second_is_over.wait(30)
        return steps.do_prepare_data(event)

    steps.instead["prepare_data"] = slow
    with pipeline(time_scale=1.0) as machines:
        first = machines.start("retrain", {})
        while steps.count("prepare_data") == 0:
            second_is_over.wait(0.01)
        second = machines.retrain()
        held_by_first = steps.registry.holds_lease(tenant, first)
        second_is_over.set()
        assert outcome(machines.wait(first), tenant) == "Promoted"
    assert (second.status, outcome(second, tenant)) == ("SUCCEEDED", "AlreadyRunning")
    assert held_by_first
    assert steps.count("prepare_data") == 1


def test_a_good_upload_enters_at_the_gates_and_is_promoted(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    with pipeline() as machines:
        execution = machines.retrain(upload={"tenant_id": str(tenant), "version": VERSION})
    assert execution.states()[:5] == UPLOAD_PATH
    assert outcome(execution, tenant) == "Promoted"
    assert steps.count("check_data") == 0
    assert attempts_to_train(execution) == 0


def test_a_bad_upload_is_rejected_at_the_gates(pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID) -> None:
    refused: dict[str, Any] = {
        "decision": "rejected",
        "reasons": ["manifest.json is missing"],
        "gates": {},
        "kind": None,
    }
    steps.instead["evaluate_gates"] = lambda event: refused
    with pipeline() as machines:
        execution = machines.retrain(upload={"tenant_id": str(tenant), "version": VERSION})
    assert execution.states()[:5] == UPLOAD_PATH
    assert outcome(execution, tenant) == "Rejected"
    assert steps.count("deploy_model") == 0


def test_an_upload_that_was_judged_before_ends_without_a_word(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    steps.instead["evaluate_gates"] = lambda event: steps.do_evaluate_gates(event) | {"decision": "already_decided"}
    with pipeline() as machines:
        execution = machines.retrain(upload={"tenant_id": str(tenant), "version": VERSION})
    assert (outcome(execution, tenant), notified(execution)) == ("AlreadyDecided", [])
    assert not steps.registry.holds_lease(tenant, execution.arn)


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


def test_a_machine_without_tenants_succeeds(pipeline: Pipeline, steps: StubSteps) -> None:
    steps.tenants = ()
    with pipeline() as machines:
        execution = machines.retrain()
    assert (execution.status, execution.output["tenants"]) == ("SUCCEEDED", [])


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
    assert steps.registry.acquire_lease(tenant, "an execution of a dead process", 3600)
    with pipeline() as machines:
        assert outcome(machines.retrain(), tenant) == "Promoted"


def test_a_job_that_ignores_sigterm_is_killed() -> None:
    jobs = BatchJobs(
        python("import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(600)"), grace_seconds=0.1
    )
    job = jobs.submit("stubborn", {}, limit_seconds=1.0)
    job.process.wait(30)
    said = jobs.describe(job.job_id)
    assert (said["status"], said["container"]["exitCode"]) == ("FAILED", 128 + signal.SIGKILL)
