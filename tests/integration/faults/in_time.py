"""What a request may take at the most, whatever the network does to its stores."""

import time
from typing import Any

from tests.fakes.api_client import Answer, ApiClient

IN_TIME_SECONDS = 24.0  # below API Gateway's 30: a request meets the fault in every store call that it makes


def timed(
    client: ApiClient, method: str, path: str, body: Any = None, *, within: float = IN_TIME_SECONDS, **options: Any
) -> Answer:
    started = time.monotonic()
    answer = client.send(method, path, body, **options)
    assert time.monotonic() - started < within
    return answer
