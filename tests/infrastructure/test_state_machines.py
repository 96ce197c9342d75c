"""The state machines as data: what must hold of every state, whatever the execution meets."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from statelint.cli import main as statelint  # type: ignore[import-untyped]  # ships no types

from infra.local.cloud.engine import STEPS
from portfolio_twin.settings import PipelineSettings
from tests.infrastructure.resources import ROOT

FILES = {name: ROOT / "infra" / "pipelines" / f"{name}.asl.json" for name in ("retrain", "reindex", "import")}
TRANSIENT = re.compile(
    r"(Lambda|SNS|StepFunctions)\.(\w*Service\w*|AWSLambda\w*|SdkClient\w*|TooManyRequests\w*|Throttl\w*|InternalError\w*"
    r"|ExecutionLimitExceeded|SnapStartNotReady\w*|ResourceNotReady\w*)|(Database|Index|Registry)Unavailable"
)
# A container that was killed, ran out of memory or hung resumes from its checkpoint: that is worth another try. A
# message that comes twice does no harm, and the names of SNS's own errors are not documented.
ANY_FAILURE_IS_TRANSIENT = {"Train", "PrepareLarge", "TellRejected", "Notify", "NotifyBroken", "Digest"}
ASLEEP = {"Lambda.SnapStartNotReadyException", "Lambda.ResourceNotReadyException"}
LAMBDA_LIMIT_SECONDS = 900

UNKNOWN_TO_STATELINT = 'Field "InputType" not allowed in State Machine.States.Tenants.ItemReader.ReaderConfig'

State = Mapping[str, Any]
Scope = tuple[str, Mapping[str, State]]


def scopes(node: State, where: str) -> Iterator[Scope]:
    """The states that can name each other: those of the machine, and those of each Map."""
    yield where, node["States"]
    for name, state in node["States"].items():
        if state["Type"] == "Map":
            yield from scopes(state["ItemProcessor"], f"{where}/{name}")


SCOPES = [scope for name, file in FILES.items() for scope in scopes(json.loads(file.read_text()), name)]
STATES = {f"{where}/{name}": state for where, states in SCOPES for name, state in states.items()}
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


every_file = pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
every_scope = pytest.mark.parametrize(("where", "states"), SCOPES, ids=[where for where, _ in SCOPES])


def every(states: Mapping[str, State]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("name", "state"), states.items(), ids=states.keys())


def followers(state: State) -> set[str]:
    """The states that may come next."""
    ways = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return {way["Next"] for way in ways if "Next" in way} | ({state["Default"]} if "Default" in state else set())


@every_file
def test_statelint_finds_nothing(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """But for the one field that it does not know: what kind of file an ItemReader reads, which AWS demands."""
    statelint([str(file)])
    found = [line for line in capsys.readouterr().out.splitlines() if line.startswith(" ")]
    reads_a_list = "ItemReader" in file.read_text()
    assert [line.strip() for line in found] == [UNKNOWN_TO_STATELINT] * reads_a_list


@every_file
def test_only_jsonpath_is_spoken(file: Path) -> None:
    assert "QueryLanguage" not in file.read_text()


@every_scope
def test_no_state_leads_nowhere_and_none_is_out_of_reach(where: str, states: Mapping[str, State]) -> None:
    start = next(iter(states))  # the first state is the one it starts at, as a reader expects
    assert reachable(states, start) == states.keys()


@every_file
def test_a_machine_starts_at_its_first_state(file: Path) -> None:
    machine = json.loads(file.read_text())
    maps = [state["ItemProcessor"] for state in machine["States"].values() if state["Type"] == "Map"]
    for node in (machine, *maps):
        assert node["StartAt"] == next(iter(node["States"]))


@every(TASKS)
def test_every_task_has_a_time_limit(name: str, state: State) -> None:
    assert state.get("TimeoutSeconds", 0) > 0 or state["TimeoutSecondsPath"]
    if "lambda" in state["Resource"]:
        assert state["TimeoutSeconds"] <= LAMBDA_LIMIT_SECONDS


@every(TASKS)
def test_every_task_tries_again_after_transient_errors_and_no_others(name: str, state: State) -> None:
    errors = [error for retrier in state["Retry"] for error in retrier["ErrorEquals"]]
    assert errors
    if name.rpartition("/")[2] not in ANY_FAILURE_IS_TRANSIENT:
        assert [error for error in errors if not TRANSIENT.fullmatch(error)] == []
    for retrier in state["Retry"]:
        assert 1 <= retrier["MaxAttempts"] <= 5
        assert (retrier["BackoffRate"] > 1, retrier["JitterStrategy"]) == (True, "FULL")


@every({name: state for name, state in TASKS.items() if "lambda" in state["Resource"]})
def test_a_function_that_nobody_called_for_two_weeks_is_given_a_minute_to_wake(name: str, state: State) -> None:
    (retrier,) = [retrier for retrier in state["Retry"] if set(retrier["ErrorEquals"]) == ASLEEP]
    pauses = [retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n for n in range(retrier["MaxAttempts"])]
    assert sum(min(pause, retrier["MaxDelaySeconds"]) for pause in pauses) / 2 >= 60  # FULL jitter: half, on average


@every({name: state for name, state in TASKS.items() if state["Resource"].endswith("sns:publish")})
def test_a_message_that_sns_refuses_is_tried_again_whatever_the_error_is_called(name: str, state: State) -> None:
    assert "States.TaskFailed" in state["Retry"][0]["ErrorEquals"]


@every(TASKS)
def test_every_task_catches_the_rest_and_keeps_the_cause(name: str, state: State) -> None:
    (catcher,) = state["Catch"]
    assert catcher["ErrorEquals"] == ["States.ALL"]
    assert catcher["ResultPath"].endswith("error")


@every_scope
def test_what_goes_wrong_is_told_before_it_ends(where: str, states: Mapping[str, State]) -> None:
    tellers = {n for n, state in states.items() if state.get("Resource", "").endswith("sns:publish")}
    for name, state in states.items():
        for catcher in state.get("Catch", ()):
            if tellers and name not in {*tellers, "ReleaseLease"}:
                assert tellers & reachable(states, catcher["Next"]), f"{where}/{name}"


def reachable(states: Mapping[str, State], start: str) -> set[str]:
    reached = {start}
    while new := {follower for name in reached for follower in followers(states[name])} - reached:
        reached |= new
    return reached


def test_every_end_of_a_branch_that_may_hold_the_lease_gives_it_back() -> None:
    branch = dict(SCOPES)["retrain/Tenants"]
    for end in ("Skipped", "Rejected", "AlreadyDecided", "Failed"):
        assert followers(branch[end]) == {"ReleaseLease"}
    assert followers(branch["AlreadyRunning"]) == {"Finish"}


def test_a_branch_never_fails_its_map() -> None:
    for where in ("retrain/Tenants", "reindex/Tenants", "import/Tenants"):
        assert "Fail" not in {state["Type"] for state in dict(SCOPES)[where].values()}


def train_seconds(wait: int) -> int:
    """The time limit of the state Train, the wait for a vCPU included."""
    sum_of = re.fullmatch(
        r"States\.MathAdd\((\d+), States\.StringToJson\('\$\{TrainingWaitSeconds\}'\)\)",
        STATES["retrain/ListTenants"]["ResultSelector"]["train_seconds.$"],
    )
    assert sum_of is not None
    return int(sum_of[1]) + wait


def test_the_container_is_stopped_before_its_state_gives_up() -> None:
    attempt = STATES["retrain/Tenants/Train"]["Parameters"]["Timeout"]["AttemptDurationSeconds"]
    assert attempt <= train_seconds(0)


def test_a_run_that_uses_every_attempt_to_train_ends_within_its_lease(template: Mapping[str, Any]) -> None:
    train = STATES["retrain/Tenants/Train"]
    attempts = 1 + train["Retry"][0]["MaxAttempts"]
    lease_seconds = PipelineSettings.model_fields["lease_seconds"].default
    assert attempts * train_seconds(template["Parameters"]["TrainingWaitSeconds"]["MaxValue"]) < lease_seconds


def test_no_more_trainings_run_at_once_than_the_environment_has_cpus_for(template: Mapping[str, Any]) -> None:
    assert STATES["retrain/Tenants"]["MaxConcurrencyPath"] == "$.list.at_once"
    parameters = template["Parameters"]
    capacity = template["Resources"]["TrainingEnvironment"]["Properties"]["ComputeResources"]["MaxvCpus"]
    assert capacity == {"Ref": "TrainingMaxVcpus"}
    vcpus = parameters["TrainingAtOnce"]["Default"] * int(parameters["TrainingVcpus"]["Default"])
    assert vcpus <= parameters["TrainingMaxVcpus"]["Default"]


def test_a_large_tenant_is_prepared_by_a_job_within_its_lease_and_then_checked_as_ever(
    template: Mapping[str, Any],
) -> None:
    job = STATES["retrain/Tenants/PrepareLarge"]
    attempts = 1 + job["Retry"][0]["MaxAttempts"]
    lease_seconds = PipelineSettings.model_fields["lease_seconds"].default
    assert attempts * train_seconds(template["Parameters"]["TrainingWaitSeconds"]["MaxValue"]) < lease_seconds
    assert job["Parameters"]["Timeout"] == template["Resources"]["PrepareJob"]["Properties"]["Timeout"]
    assert job["Next"] == "CheckData"


def test_a_run_sends_one_digest_and_no_message_for_each_promotion() -> None:
    branch = dict(SCOPES)["retrain/Tenants"]
    assert followers(branch["Promoted"]) == {"Finish"}
    assert STATES["retrain/Digest"]["Parameters"]["Message.$"] == "$.digest"
    assert followers(STATES["retrain/Outcome"]) == {"Digest", "NotifyBroken"}


def test_each_tenant_has_an_execution_of_its_own_and_none_stops_another() -> None:
    for machine in ("retrain", "reindex"):
        tenants = STATES[f"{machine}/Tenants"]
        config = tenants["ItemProcessor"]["ProcessorConfig"]
        assert config == {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}  # an EXPRESS one may wait for no job
        assert tenants["ToleratedFailurePercentage"] == 100
        assert tenants["MaxConcurrencyPath"] == "$.list.at_once"
        assert tenants["ItemReader"]["Parameters"]["Bucket"] == tenants["ResultWriter"]["Parameters"]["Bucket"]
        # The lease's holder is the run, which the execution of one tenant would not know.
        assert machine == "reindex" or tenants["ItemSelector"]["execution.$"] == "$$.Execution.Id"


def test_the_definitions_name_every_step_function_and_nothing_else() -> None:
    named = set(re.findall(r"\$\{(\w+)FunctionArn\}", "".join(file.read_text() for file in FILES.values())))
    assert named == {name.title().replace("_", "") for name in STEPS}


def test_no_arn_is_written_out() -> None:
    for file in FILES.values():
        arns = re.findall(r"arn:aws:[\w:.-]*", file.read_text())
        assert {arn for arn in arns if not arn.startswith("arn:aws:states:::")} == set()
