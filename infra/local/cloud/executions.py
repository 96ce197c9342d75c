"""What an execution did, read from its history: steps with their seconds, and how each tenant's branch ended."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """One state entered, and left again unless it still runs or ended its machine."""

    machine: str
    state: str
    tenant_id: str | None
    key: tuple[str, int]  # execution and event id: the same step read twice has the same key
    entered: float
    left: float | None
    input: Any
    output: Any

    @property
    def seconds(self) -> float | None:
        return None if self.left is None else self.left - self.entered


class TenantRun(NamedTuple):
    """How one branch ended; `details` is what its steps had answered by then (check, snapshot, gates, …, error)."""

    tenant_id: str
    version: str  # empty where the machine is about none
    outcome: str
    details: Mapping[str, Any]
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Execution:
    """A finished execution and those it started."""

    arn: str
    status: str
    output: Any
    error: str | None
    cause: str | None
    events: list[Event]
    steps: list[Step] = field(default_factory=list)

    @property
    def tenants(self) -> dict[str, TenantRun]:
        """By tenant id, in the order in which they finished."""
        ends = [step for step in self.steps if step.state in ("Finish", "Indexed") and step.key[0] == self.arn]
        return {step.input["tenant_id"]: self._tenant(step) for step in ends}

    def states(self, tenant_id: object = None) -> list[str]:
        """The names of the states entered, in order; of one tenant or of all."""
        return [step.state for step in self.steps if tenant_id is None or step.tenant_id == str(tenant_id)]

    def events_of(self, event_type: str) -> list[Event]:
        return [event for event in self.events if event["type"] == event_type]

    def _tenant(self, end: Step) -> TenantRun:
        tenant_id = end.input["tenant_id"]
        seconds: dict[str, float] = {}
        for step in self.steps:
            if step.tenant_id == tenant_id and step.seconds is not None:
                seconds[step.state] = round(seconds.get(step.state, 0.0) + step.seconds, 3)
        outcome = end.input.get("outcome", end.state)
        return TenantRun(tenant_id, end.input.get("version", ""), outcome, end.input, seconds)


def read_steps(machine: str, arn: str, events: Iterable[Event]) -> list[Step]:
    """Pairs the entered and left events of a history, whose Map branches run through each other."""
    by_id = {event["id"]: event for event in events}
    left = {}
    for event in by_id.values():
        if event["type"].endswith("StateExited"):
            name = event["stateExitedEventDetails"]["name"]
            for entered in _before(event, by_id):
                if entered.get("stateEnteredEventDetails", {}).get("name") == name:
                    left[entered["id"]] = event
                    break
    entered_events = [event for event in by_id.values() if event["type"].endswith("StateEntered")]
    return [_step(machine, arn, event, left.get(event["id"])) for event in entered_events]


def _before(event: Event, by_id: Mapping[int, Event]) -> Iterator[Event]:
    while event := by_id.get(event["previousEventId"], {}):
        yield event


def _step(machine: str, arn: str, entered: Event, left: Event | None) -> Step:
    details = entered["stateEnteredEventDetails"]
    given = json.loads(details.get("input") or "null")
    tenant_id = given.get("tenant_id") if isinstance(given, dict) else None
    output = json.loads(left["stateExitedEventDetails"].get("output") or "null") if left else None
    left_at = left["timestamp"].timestamp() if left else None
    key = (arn, entered["id"])
    return Step(machine, details["name"], tenant_id, key, entered["timestamp"].timestamp(), left_at, given, output)
