"""A second try, of what changes nothing: a connection that broke is no reason to fail a request."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")

JITTER = random.SystemRandom()  # instances restored from one snapshot share the state of every other generator
PAUSE_SECONDS = (0.02, 0.2)  # by chance, so that not all whose connections broke come back at the same moment


def once_more(ask: Callable[[], Answer], broken: Callable[[Exception], bool]) -> Answer:
    """What `ask` gives, asked a second time where the first failed with what `broken` says is a broken connection."""
    try:
        return ask()
    except Exception as error:
        if not broken(error):
            raise
    time.sleep(JITTER.uniform(*PAUSE_SECONDS))
    return ask()
