"""A local execution as AWS would count it: there each tenant has an execution, so a history and limits, of its own."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from infra.local.cloud.engine import ACCOUNT
from infra.local.cloud.executions import Event
from infra.local.stores.s3_server import REGION

EVENTS_LIMIT = 25_000  # of one history
BYTES_LIMIT = 256 * 1024  # between two states, in UTF-8
LOCAL_STATES = ("TenantsItems", "Tenants", "TenantsResults")  # what stands for a distributed Map here
LOCAL_EVENTS = 2 * 5  # of the two tasks among them; AWS tells of its Map run instead: started, succeeded
MAP_RUN_EVENTS = 2


def history_of(arn: str) -> list[Event]:
    """Straight from the engine: twenty thousand events through its API would take a minute."""
    history = stepfunctions_parser_backends[ACCOUNT][REGION].get_execution_history(arn)
    return list(history["events"])


def events_by_execution(events: Iterable[Event]) -> tuple[int, list[int]]:
    """Of the run itself, and of each tenant's execution, which starts and ends where here an iteration does."""
    whose: dict[int, int] = {0: 0}  # event → the one that began its iteration, 0 outside of all
    for event in sorted(events, key=lambda event: int(event["id"])):
        if event["type"] == "MapIterationStarted":
            whose[event["id"]] = event["id"]
        elif event["type"] in ("MapStateSucceeded", "MapStateExited"):
            whose[event["id"]] = 0
        else:
            whose[event["id"]] = whose[event["previousEventId"]]
    counts = Counter(whose.values())
    run = counts.pop(0) - 1  # the 0 that stands for no event
    return run - LOCAL_EVENTS + MAP_RUN_EVENTS, list(counts.values())


def largest_payload(events: Iterable[Event]) -> int:
    """In bytes: the largest input or output of a state that AWS has as well."""
    return max(len(json.dumps(value, separators=(",", ":")).encode()) for value in _payloads(events))


def _payloads(events: Iterable[Event]) -> Iterator[Any]:
    for event in events:
        entered, left = event.get("stateEnteredEventDetails"), event.get("stateExitedEventDetails")
        details: Any = entered or left or {"name": LOCAL_STATES[0]}
        if details["name"] not in LOCAL_STATES:
            value = json.loads(details.get("input" if entered else "output") or "null")
            yield {k: v for k, v in value.items() if k not in LOCAL_STATES} if isinstance(value, dict) else value
