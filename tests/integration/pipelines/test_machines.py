"""Both state machines, the files themselves, executed whole; what happened is read from the execution history."""

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from infra.local.cloud.executions import Step
from tests.integration.fixtures.machines import DIGEST, Machines, attempts_to_train, notified
from tests.integration.fixtures.stub_steps import VERSION

UPLOAD_PATH = ["ListTenants", "AnyTenants", "TenantsItems", "Tenants", "Entry", "EvaluateGates", "GatesDecision"]


def test_the_good_path_ends_promoted_and_is_told(machines: Machines) -> None:
    execution = machines.retrain()
    assert execution.status == "SUCCEEDED"
    digest = execution.output["digest"]
    assert (digest["outcomes"], digest["failed"], digest["named"]) == ({"Promoted": 1}, 0, [])
    own = [step.state for step in execution.steps if step.machine == "retrain"]
    assert own == [
        "ListTenants", "AnyTenants", "TenantsItems", "Tenants", "Entry", "CheckData", "DataDecision", "PrepareData",
        "Train", "EvaluateGates",
        "GatesDecision", "DeployModel", "Reindex", "PromoteModel", "Promoted", "Finish", "TenantsResults", "Outcome",
        "Digest", "AnyFailed", "Done",
    ]  # fmt: skip
    assert notified(execution) == [DIGEST]
    run = execution.tenants[str(machines.tenant)]
    assert run.details["promotion"]["indexed"] == {"properties": 2, "users": 1}
    assert run.seconds["Train"] > 0
    assert not machines.lease_held_by(execution)


def test_the_nested_reindex_indexes_every_shard_properties_first(machines: Machines) -> None:
    nested = [step.state for step in machines.retrain().steps if step.machine == "reindex"]
    assert nested.count("IndexProperties") == 2
    assert nested.count("IndexUsers") == 1
    assert nested.index("UserShards") > nested.index("IndexProperties")
    assert machines.steps.count("index_shard") == 3


def test_the_trainer_is_told_what_to_train(machines: Machines, tmp_path: Path) -> None:
    file, tenant = tmp_path / "environment.json", machines.tenant
    machines.retrain(f"import json, os; json.dump(dict(os.environ), open({str(file)!r}, 'w'))")
    expected = {
        "BUCKET": "test-models", "TENANT_ID": str(tenant), "VERSION": VERSION, "SNAPSHOT_ID": "s",
        "MODEL_KIND": "twin", "OUTPUT_PREFIX": f"{tenant}/training/{VERSION}/", "EPOCHS": "3", "BATCH_SIZE": "",
        "LEARNING_RATE": "", "SEED": "", "LOSS": "triplet", "EMBEDDING_DIM": "", "DROPOUT": "", "WEIGHT_DECAY": "",
        "HIDDEN": "128,64", "TEMPERATURE": "",
    }  # fmt: skip
    assert json.loads(file.read_text()).items() >= expected.items()


def test_each_step_entered_and_left_is_told_as_it_happens(machines: Machines) -> None:
    watched: list[Step] = []
    machines.retrain(watch=watched.append)
    train = [step for step in watched if step.state == "Train"]
    assert [step.left is None for step in train] == [True, False]
    assert {step.tenant_id for step in train} == {str(machines.tenant)}


@pytest.mark.case(25)
def test_too_little_data_ends_skipped_with_its_reasons_and_nothing_written(machines: Machines) -> None:
    too_little = {"decision": "skip", "reasons": ["99 positives, 100 are needed"]}
    machines.instead("check_data", lambda event: machines.steps.do_check_data(event) | too_little)
    execution = machines.retrain()
    assert (execution.status, machines.outcome(execution)) == ("SUCCEEDED", "Skipped")
    assert machines.details(execution)["check"]["reasons"] == ["99 positives, 100 are needed"]
    assert "PrepareData" not in execution.states(machines.tenant)
    assert not machines.lease_held_by(execution)


@pytest.mark.case(25)
def test_a_tenant_with_too_little_to_learn_from_gets_the_content_model_by_the_same_path(machines: Machines) -> None:
    machines.instead("check_data", lambda event: machines.steps.do_check_data(event) | {"decision": "content"})
    execution = machines.retrain("import os, sys; sys.exit(os.environ['MODEL_KIND'] != 'content')")
    assert machines.outcome(execution) == "Promoted"


@pytest.mark.case(27)
def test_a_failed_gate_ends_rejected_is_told_and_nothing_is_deployed(machines: Machines) -> None:
    rejected = {"decision": "rejected", "reasons": ["f1 is 0.59, at least 0.6 is needed"]}
    machines.instead("evaluate_gates", lambda event: machines.steps.do_evaluate_gates(event) | rejected)
    execution = machines.retrain()
    assert execution.status == "SUCCEEDED"
    assert machines.details(execution)["gates"]["reasons"] == rejected["reasons"]
    assert machines.outcome(execution) == "Rejected"
    assert notified(execution) == [f"Portfolio Twin: Rejected ({VERSION})", DIGEST]
    assert machines.steps.count("deploy_model") == 0
    assert not machines.lease_held_by(execution)


@pytest.mark.parametrize(("again", "outcome"), [({"decision": "passed"}, "Promoted"), ({}, "Rejected")])
def test_a_tenant_whose_first_model_is_rejected_is_told_and_gets_the_content_model(
    machines: Machines, again: dict[str, Any], outcome: str
) -> None:
    rejected = {"decision": "rejected", "reasons": ["f1 is 0.59, at least 0.6 is needed"]}
    kinds: list[str] = []

    def evaluate(event: dict[str, Any]) -> dict[str, Any]:
        kinds.append(event["snapshot"]["model_kind"])
        verdict = rejected | ({"instead": "content"} if len(kinds) == 1 else again)
        return machines.steps.do_evaluate_gates(event) | verdict

    machines.instead("evaluate_gates", evaluate)
    execution = machines.retrain()
    assert (machines.outcome(execution), kinds) == (outcome, ["twin", "content"])
    assert notified(execution)[0] == f"Portfolio Twin: Rejected ({VERSION}), a content model instead"
    assert machines.steps.count("prepare_data") == 1
    assert attempts_to_train(execution) == 2
    assert not machines.lease_held_by(execution)


@pytest.mark.case(30)
def test_a_second_run_of_the_same_tenant_ends_already_running(machines: Machines) -> None:
    steps, second_is_over = machines.steps, threading.Event()

    def slow(event: dict[str, Any]) -> dict[str, Any]:
        second_is_over.wait(30)
        return steps.do_prepare_data(event)

    machines.instead("prepare_data", slow)
    with machines.started(time_scale=1.0) as pipeline:
        first = pipeline.start("retrain", {})
        while steps.count("prepare_data") == 0:
            second_is_over.wait(0.01)
        second = pipeline.retrain()
        held_by_first = steps.lease(machines.tenant).held_by(first)
        second_is_over.set()
        assert machines.outcome(pipeline.wait(first)) == "Promoted"
    assert (second.status, machines.outcome(second)) == ("SUCCEEDED", "AlreadyRunning")
    assert held_by_first
    assert steps.count("prepare_data") == 1


def test_a_good_upload_enters_at_the_gates_and_is_promoted(machines: Machines) -> None:
    execution = machines.upload()
    assert execution.states()[: len(UPLOAD_PATH)] == UPLOAD_PATH
    assert machines.outcome(execution) == "Promoted"
    assert machines.steps.count("check_data") == 0
    assert attempts_to_train(execution) == 0


def test_a_bad_upload_is_rejected_at_the_gates(machines: Machines) -> None:
    refused = {"decision": "rejected", "reasons": ["manifest.json is missing"], "kind": None}
    machines.instead("evaluate_gates", lambda event: machines.steps.do_evaluate_gates(event) | refused)
    execution = machines.upload()
    assert execution.states()[: len(UPLOAD_PATH)] == UPLOAD_PATH
    assert machines.outcome(execution) == "Rejected"
    assert machines.steps.count("deploy_model") == 0


def test_an_upload_that_was_judged_before_ends_with_the_digest_alone(machines: Machines) -> None:
    decided = {"decision": "already_decided"}
    machines.instead("evaluate_gates", lambda event: machines.steps.do_evaluate_gates(event) | decided)
    execution = machines.upload()
    assert (machines.outcome(execution), notified(execution)) == ("AlreadyDecided", [DIGEST])
    assert not machines.lease_held_by(execution)


def test_a_large_tenant_goes_through_a_job_and_on_as_ever(machines: Machines, tmp_path: Path) -> None:
    done = tmp_path / "event.json"

    def check(event: dict[str, Any]) -> dict[str, Any]:
        answer = machines.steps.do_check_data(event)
        return answer if done.exists() else answer | {"decision": "large"}

    machines.instead("check_data", check)
    execution = machines.retrain(
        "import os, pathlib, sys\n"
        f"if sys.argv[1] == 'functions.prepare.app': pathlib.Path({str(done)!r}).write_text(os.environ['EVENT'])"
    )
    assert machines.outcome(execution) == "Promoted"
    assert execution.states(machines.tenant)[1:7] == [
        "CheckData", "DataDecision", "PrepareLarge", "CheckData", "DataDecision", "PrepareData",
    ]  # fmt: skip
    event = json.loads(done.read_text())
    assert (event["tenant_id"], event["version"]) == (str(machines.tenant), VERSION)
