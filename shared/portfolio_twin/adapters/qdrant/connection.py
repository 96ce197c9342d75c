"""The client of Qdrant, made at the first call, and its failures under one name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from portfolio_twin.errors import IndexUnavailable

if TYPE_CHECKING:
    from qdrant_client import QdrantClient

CONNECTIONS = 20
ApiKey = str | Callable[[], str] | None  # a function is asked at every call, so that a rotated key is followed


class IndexConnection:
    """Importing qdrant_client costs 0.6-0.9 s of CPU, so it waits until somebody asks the index something."""

    def __init__(self, url: str, api_key: ApiKey = None, timeout: float = 2.0) -> None:
        self.url = url
        self._api_key = api_key
        self._timeout_seconds = math.ceil(timeout)  # the client takes whole seconds

    @cached_property
    def _client(self) -> QdrantClient:
        import httpx
        from qdrant_client import QdrantClient

        asked, fixed = (self._api_key, None) if callable(self._api_key) else (None, self._api_key)
        return QdrantClient(
            url=self.url,
            api_key=fixed,
            auth_token_provider=asked,
            timeout=self._timeout_seconds,
            check_compatibility=False,
            # Without limits of ours the client opens a connection for every call to a server on this machine.
            limits=httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS),
        )

    @contextmanager
    def calling(self) -> Iterator[QdrantClient]:
        """The client; whatever it fails with inside the block becomes IndexUnavailable."""
        from qdrant_client.common.client_exceptions import QdrantException
        from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

        try:
            yield self._client
        except UnexpectedResponse as error:
            raise IndexUnavailable(f"the index answered {error.status_code}: {error.content[:200]!r}") from error
        except (ApiException, QdrantException) as error:
            raise IndexUnavailable(f"the index at {self.url} does not answer: {error}") from error

    def close(self) -> None:
        if "_client" in self.__dict__:
            self._client.close()
