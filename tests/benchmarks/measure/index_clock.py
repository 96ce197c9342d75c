"""The index with a clock in front: how long its calls took, so that it can be told apart."""

import time
from typing import Any, cast
from uuid import UUID

from portfolio_twin.adapters.qdrant.index import VectorIndex


class IndexClock:
    """Stands in for `VectorIndex`; `seconds` is what was waited for in it, its client's work included."""

    def __init__(self, index: VectorIndex) -> None:
        self._index, self.seconds = index, 0.0

    def of(self, tenant_id: UUID, version: str) -> Any:
        return _Timed(self, self._index.of(tenant_id, version))

    def as_index(self) -> VectorIndex:
        return cast("VectorIndex", self)


class _Timed:
    def __init__(self, clock: IndexClock, index: Any) -> None:
        self._clock, self._index = clock, index

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._index, name)

        def timed(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return method(*given, **named)
            finally:
                self._clock.seconds += time.perf_counter() - started

        return timed
