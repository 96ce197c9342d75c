"""How long the request under way may still take: Lambda kills what it has not answered by then.

`within` is said once a request, by its handler; outside of it, in a step of the pipelines, there is no end. A store
gets half of what is left, or its own limit where that is less: after one that hangs there is time for another answer.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError

_ends_at: ContextVar[float] = ContextVar("ends_at", default=float("inf"))


class OutOfTime(BotoCoreError):  # type: ignore[misc]  # botocore has no types
    fmt = "{seconds:.0f} s might be needed, and the request has {left:.1f} s left"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """What is asked inside the block is answered or given up so soon, or when the block around it must end."""
    before = _ends_at.set(min(_ends_at.get(), time.monotonic() + seconds))
    try:
        yield
    finally:
        _ends_at.reset(before)


def share(limit: float) -> float:
    """The seconds that one answer may take; raises TimeoutError where none are left."""
    left = _left()
    if left <= 0:
        raise TimeoutError("the time of the request is over")
    return min(limit, left / 2)


@contextmanager
def sharing() -> Iterator[None]:
    """Half of what is left for all that is asked inside the block."""
    with within(max(0.0, _left() / 2)):
        yield


def keep_within(client: Any, config: Config) -> Any:
    """The client of AWS, beginning no try of any call, the first or another, that might not end in time."""
    client.meta.events.register("before-send", partial(_refuse_late, longest_try(config)))
    return client


def longest_try(config: Config) -> float:
    """The seconds until a try of botocore has failed: to connect, for the first byte, and for what comes after it."""
    return float(config.connect_timeout + 2 * config.read_timeout)


def _refuse_late(longest: float, **_: Any) -> None:
    if (left := _left()) < longest:
        raise OutOfTime(seconds=longest, left=max(0.0, left))


def _left() -> float:
    return _ends_at.get() - time.monotonic()
