"""The client of Qdrant, and its failures under one name."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import httpx
from qdrant_client import QdrantClient
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from portfolio_twin.adapters.once_more import once_more
from portfolio_twin.adapters.qdrant.deadline import DeadlineTransport
from portfolio_twin.errors import IndexUnavailable

Answer = TypeVar("Answer")

CONNECTIONS = 20
BROKEN = (httpx.ReadError, httpx.WriteError, httpx.RemoteProtocolError)  # not one that waited, nor one never made
ApiKey = str | Callable[[], str] | None  # a function is asked at every call, so that a rotated key is followed


class IndexConnection:
    """Made without a word to the server, which may be down; connections are opened by the first call."""

    def __init__(self, url: str, api_key: ApiKey = None, timeout: float = 2.0) -> None:
        self.url = url
        asked, fixed = (api_key, None) if callable(api_key) else (None, api_key)
        self._client = QdrantClient(
            url=url,
            api_key=fixed,
            auth_token_provider=asked,
            timeout=math.ceil(timeout),  # the client takes whole seconds
            check_compatibility=False,
            # Without limits of ours the client opens a connection for every call to a server on this machine.
            transport=DeadlineTransport(
                math.ceil(timeout),
                httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
            ),
        )

    @contextmanager
    def calling(self) -> Iterator[QdrantClient]:
        """The client; whatever it fails with inside the block becomes IndexUnavailable."""
        try:
            yield self._client
        except UnexpectedResponse as error:
            raise IndexUnavailable(f"the index answered {error.status_code}: {error.content[:200]!r}") from error
        except (ApiException, QdrantException) as error:
            raise IndexUnavailable(f"the index at {self.url} does not answer: {error}") from error

    def ask(self, question: Callable[[QdrantClient], Answer]) -> Answer:
        """What only reads: asked once more where the connection broke. A write, which may have arrived: `calling`."""
        with self.calling() as client:
            return once_more(lambda: question(client), _broken)

    def close(self) -> None:
        self._client.close()


def _broken(error: Exception) -> bool:
    return isinstance(error, ResponseHandlingException) and isinstance(error.source, BROKEN)
