"""A state machine's own arithmetic, read from its file: the states that an execution enters, and its events."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from infra.local.cloud.definitions import DEFINITIONS

ENDS = 2  # ExecutionStarted, ExecutionSucceeded
TASK, WAITED_FOR = 5, 6  # events: entered, scheduled, started, succeeded, exited; submitted too, where it is waited for
MAP, ITERATION, MAP_RUN = 4, 2, 2
# Which way a Choice goes, in a run where all goes well.
WAYS = {"Entry": "CheckData", "DataDecision": "PrepareData", "GatesDecision": "DeployModel", "AnyTenants": "Tenants",
        "AnyFailed": "Done"}  # fmt: skip

State = Mapping[str, Any]


class Walked(NamedTuple):
    """What one execution takes."""

    events: int
    transitions: int  # what Step Functions charges for

    def __add__(self, other: object) -> "Walked":
        assert isinstance(other, Walked)
        return Walked(self.events + other.events, self.transitions + other.transitions)


def machine(name: str) -> State:
    definition: State = json.loads((DEFINITIONS / f"{name}.asl.json").read_text())
    return definition


def run_of(name: str) -> Walked:
    """The execution that starts one for each tenant."""
    return _walk(machine(name), {})


def tenant_of(name: str, shards: Mapping[str, int]) -> Walked:
    """One tenant's execution; `shards`: how many items a Map inside it has."""
    return _walk(machine(name)["States"]["Tenants"]["ItemProcessor"], shards)


def path(machine: State) -> Iterator[tuple[str, State]]:
    name = machine["StartAt"]
    while name:
        state = machine["States"][name]
        yield name, state
        name = WAYS[name] if state["Type"] == "Choice" else state.get("Next", "")


def _walk(machine: State, shards: Mapping[str, int]) -> Walked:
    return Walked(ENDS, 1) + _states(machine, shards)


def _states(machine: State, shards: Mapping[str, int]) -> Walked:
    total = Walked(0, 0)
    for name, state in path(machine):
        total += Walked(_events(state), 1)
        if state["Type"] == "Map" and "ItemReader" not in state:
            inside = _states(state["ItemProcessor"], {})
            total += Walked(shards[name] * (inside.events + ITERATION), shards[name] * inside.transitions)
    return total


def _events(state: State) -> int:
    if state["Type"] == "Task":
        return WAITED_FOR if ".sync" in state["Resource"] else TASK
    if state["Type"] == "Map":
        return MAP + (MAP_RUN if "ItemReader" in state else 0)
    return 2
