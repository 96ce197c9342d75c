"""Both state machines, the files themselves, executed whole; what happened is read from the execution history."""

import json
import threading
import uuid
from pathlib import Path
from typing import Any

from infra.local.cloud.executions import Step
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

UPLOAD_PATH = ["ListTenants", "Tenants", "Entry", "EvaluateGates", "GatesDecision"]


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
    assert not steps.lease(tenant).held_by(execution.arn)


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
        "BUCKET": "test-models", "TENANT_ID": str(tenant), "VERSION": VERSION, "SNAPSHOT_ID": "s",
        "MODEL_KIND": "twin", "OUTPUT_PREFIX": f"{tenant}/training/{VERSION}/", "EPOCHS": "3", "BATCH_SIZE": "",
        "LEARNING_RATE": "", "SEED": "", "LOSS": "triplet", "EMBEDDING_DIM": "", "DROPOUT": "", "WEIGHT_DECAY": "",
        "HIDDEN": "128,64", "TEMPERATURE": "",
    }  # fmt: skip
    assert environment.items() >= expected.items()


def test_each_step_entered_and_left_is_told_as_it_happens(pipeline: Pipeline, tenant: uuid.UUID) -> None:
    heard: list[Step] = []
    with pipeline(watch=heard.append) as machines:
        machines.retrain()
    train = [step for step in heard if step.state == "Train"]
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
    assert not steps.lease(tenant).held_by(execution.arn)


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
    assert not steps.lease(tenant).held_by(execution.arn)


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
        held_by_first = steps.lease(tenant).held_by(first)
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
    assert not steps.lease(tenant).held_by(execution.arn)


def test_a_tenant_takes_54_events_of_the_25_000_that_one_execution_may_have(
    pipeline: Pipeline, steps: StubSteps, tenant: uuid.UUID
) -> None:
    """The figure that docs/operations.md reckons with."""
    with pipeline() as machines:
        one = machines.retrain()
        steps.tenants = (tenant, uuid.uuid4())
        two = machines.retrain()
    assert len(two.events) - len(one.events) == 54


def test_a_machine_without_tenants_succeeds(pipeline: Pipeline, steps: StubSteps) -> None:
    steps.tenants = ()
    with pipeline() as machines:
        execution = machines.retrain()
    assert (execution.status, execution.output["tenants"]) == ("SUCCEEDED", [])
