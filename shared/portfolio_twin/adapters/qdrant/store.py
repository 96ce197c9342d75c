"""One collection of Qdrant: every call is told whose points it is about, and what comes back is checked for it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant.connection import IndexConnection
from portfolio_twin.adapters.qdrant.filters import AllVersionsBut, build_filter, point_id
from portfolio_twin.adapters.qdrant.points import OWNER_FIELDS, Found, Vector, is_owned_by
from portfolio_twin.domain.criteria import Filters

if TYPE_CHECKING:
    from qdrant_client import models

logger = logging.getLogger(__name__)

BATCH_POINTS = 1000
WRITERS = 2
SCROLL_POINTS = 2000


class PointStore:
    def __init__(self, connection: IndexConnection, collection: str, batch_points: int) -> None:
        self._connection = connection
        self._collection = collection
        self._batch_points = batch_points

    def upsert(
        self,
        tenant: UUID,
        version: str,
        items: Sequence[str] | Sequence[int],
        vectors: Vector,
        payload_of: Callable[[int], dict[str, Any]],
    ) -> None:
        """Stores points, vectors (n, d), and waits until they can be found; those already there are replaced."""

        def send(start: int) -> None:
            rows = range(start, min(start + self._batch_points, len(items)))
            ids: list[Any] = [point_id(tenant, version, items[row]) for row in rows]
            values = np.asarray(vectors[start : rows.stop], dtype=np.float64).tolist()
            with self._connection.calling() as client:
                from qdrant_client import models

                # Not validated: that would cost as much as storing, and every value is our own.
                batch = models.Batch.model_construct(
                    ids=ids, vectors=values, payloads=[payload_of(row) for row in rows]
                )
                client.upsert(self._collection, batch, wait=True)

        starts = range(0, len(items), self._batch_points)
        if len(starts) == 1:  # a single event's feedback needs no threads
            send(0)
        else:  # one batch is prepared while the index stores another
            with ThreadPoolExecutor(WRITERS) as writers:
                for _ in writers.map(send, starts):
                    pass

    def search_many(
        self,
        tenant: UUID,
        version: str,
        vectors: Vector,
        *,
        limit: int,
        filters: Filters | None = None,
        exclude: Collection[str] = (),
        only: Collection[str] | None = None,
        fields: Sequence[str] | bool = True,
        with_vectors: bool = False,
    ) -> list[list[Found]]:
        """The nearest points of each of the vectors (k, d), best first, in one round trip."""
        if len(vectors) == 0 or (only is not None and len(only) == 0):
            return [[] for _ in vectors]
        with self._connection.calling() as client:
            from qdrant_client import models

            condition = build_filter(tenant, version, filters, exclude=exclude, only=only)
            answers = client.query_batch_points(
                self._collection,
                [
                    models.QueryRequest(
                        query=vector, filter=condition, limit=limit, with_payload=fields, with_vector=with_vectors
                    )
                    for vector in np.asarray(vectors, dtype=np.float64).tolist()
                ],
            )
        return [_owned(answer.points, tenant, version) for answer in answers]

    def retrieve(
        self, tenant: UUID, version: str, items: Sequence[str] | Sequence[int], fields: list[str] | bool = True
    ) -> list[Found]:
        """Those of the points that are there, with vector and payload (or these fields of it)."""
        found: list[models.Record] = []
        for start in range(0, len(items), self._batch_points):
            ids = [point_id(tenant, version, item) for item in items[start : start + self._batch_points]]
            with self._connection.calling() as client:
                found += client.retrieve(self._collection, ids, with_payload=fields, with_vectors=True)
        return _owned(found, tenant, version)

    def count(self, tenant: UUID, version: str) -> int:
        with self._connection.calling() as client:
            return client.count(self._collection, count_filter=build_filter(tenant, version), exact=True).count

    def scroll(self, tenant: UUID, version: str, field: str) -> Iterator[Any]:
        """One field of every point, in the order of the points' ids."""
        condition, offset = build_filter(tenant, version), None
        while True:
            with self._connection.calling() as client:
                page, offset = client.scroll(
                    self._collection,
                    scroll_filter=condition,
                    limit=SCROLL_POINTS,
                    offset=offset,
                    with_payload=[*OWNER_FIELDS, field],
                )
            for record in _owned(page, tenant, version):
                yield record.payload[field]
            if offset is None:
                return

    def delete(self, tenant: UUID, version: str | AllVersionsBut, only: Collection[str] | None = None) -> None:
        """Removes the tenant's points of the version or versions, or only these of them."""
        with self._connection.calling() as client:
            from qdrant_client import models

            selector = models.FilterSelector(filter=build_filter(tenant, version, only=only))
            client.delete(self._collection, selector, wait=True)


def _owned(points: Sequence[models.ScoredPoint | models.Record], tenant: UUID, version: str) -> list[Found]:
    """Drops what is not this tenant's, though it was not asked for: a server that forgets a filter leaks nothing."""
    found = [
        Found(point.payload, getattr(point, "score", 0.0), point.vector)
        for point in points
        if point.payload is not None and is_owned_by(point.payload, tenant, version)
    ]
    if len(found) < len(points):
        logger.error("the index returned %d points that are not the tenant's", len(points) - len(found))
    return found
