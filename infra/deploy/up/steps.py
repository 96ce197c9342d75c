"""A walk of steps: each names itself, tells what came of it, and says what to do when it fails."""

import subprocess
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

Say = Callable[[str], None]


class Unfinished(Exception):
    """A step came to an end that is not its own."""


class Step(NamedTuple):
    name: str
    run: Callable[[], str]  # tells what came of it
    cure: str


def walk(steps: Sequence[Step], say: Say, again: str) -> None:
    """All of them in turn; exits with the cure of the first that fails."""
    for number, step in enumerate(steps, start=1):
        say(f"[{number}/{len(steps)}] {step.name}")
        began = time.monotonic()
        try:
            told = step.run()
        except (Unfinished, BotoCoreError, ClientError, OSError, subprocess.CalledProcessError) as error:
            raise SystemExit(
                f"{step.name}: {error}\n{step.cure}\nThen {again}: what is done is not done again."
            ) from error
        say(f"      {told} ({time.monotonic() - began:.0f} s)")


def wait_until(done: Callable[[], bool], seconds: float, every: float = 10.0) -> None:
    """Raises Unfinished when it takes longer than that."""
    until = time.monotonic() + seconds
    while not done():
        if time.monotonic() > until:
            raise Unfinished(f"not done after {seconds / 60:.0f} minutes")
        time.sleep(every)
