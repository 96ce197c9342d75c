"""One collection of Qdrant, as one tenant sees it in one version: what comes back is checked for its owner."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
from qdrant_client import QdrantClient, models

from portfolio_twin.adapters.qdrant.connection import IndexConnection
from portfolio_twin.adapters.qdrant.filters import EVERYTHING, AllVersionsBut, build_filter, point_id
from portfolio_twin.adapters.qdrant.points import OWNER_FIELDS, Owner, Page, Point, Vector
from portfolio_twin.domain.criteria import Narrowing

logger = logging.getLogger(__name__)

BATCH_POINTS = 1000
WRITERS = 2
SCROLL_POINTS = 2000

Fields = list[str] | bool  # of the payload that are answered; True: all


class PointStore:
    def __init__(self, connection: IndexConnection, collection: str, owner: Owner, batch_points: int) -> None:
        self._connection, self._collection, self._owner = connection, collection, owner
        self._batch_points = batch_points

    def upsert(
        self, items: Sequence[str] | Sequence[int], vectors: Vector, payload_of: Callable[[int], dict[str, Any]]
    ) -> None:
        """Stores points, vectors (n, d), and waits until they are searchable; those already there are replaced."""

        def send(start: int) -> None:
            rows = range(start, min(start + self._batch_points, len(items)))
            ids: list[Any] = [point_id(*self._owner, items[row]) for row in rows]
            values = np.asarray(vectors[start : rows.stop], dtype=np.float64).tolist()
            payloads = [payload_of(row) for row in rows]
            # Not validated: that would cost as much as storing, and every value is our own.
            batch = models.Batch.model_construct(ids=ids, vectors=values, payloads=payloads)
            with self._connection.calling() as client:
                client.upsert(self._collection, batch, wait=True)

        starts = range(0, len(items), self._batch_points)
        if len(starts) == 1:  # a single event's feedback needs no threads
            send(0)
        else:  # one batch is prepared while the index stores another
            with ThreadPoolExecutor(WRITERS) as writers:
                for _ in writers.map(send, starts):
                    pass

    def search(
        self, vector: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING, fields: Fields = True
    ) -> list[Point]:
        """The points nearest to the vector (d,), best first."""
        return self._own(self._query(vector[np.newaxis], limit, narrowing, fields)[0])

    def nearest(self, vectors: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING) -> list[list[str]]:
        """The ids of the nearest points of each of the vectors (k, d), best first, in one round trip."""
        return [[str(point.id) for point in answer] for answer in self._query(vectors, limit, narrowing, fields=False)]

    def _query(
        self, vectors: Vector, limit: int, narrowing: Narrowing, fields: Fields
    ) -> list[list[models.ScoredPoint]]:
        if len(vectors) == 0 or (narrowing.only is not None and len(narrowing.only) == 0):
            return [[] for _ in vectors]
        condition = build_filter(*self._owner, narrowing)
        requests = [
            models.QueryRequest(query=vector, filter=condition, limit=limit, with_payload=fields)
            for vector in np.asarray(vectors, dtype=np.float64).tolist()
        ]
        answers = self._connection.ask(lambda client: client.query_batch_points(self._collection, requests))
        return [answer.points for answer in answers]

    def retrieve(self, items: Sequence[str] | Sequence[int]) -> list[Point]:
        """Those of the points that are there, with vector and payload."""
        return self.take([point_id(*self._owner, item) for item in items], vectors=True)

    def take(self, ids: Sequence[str], *, vectors: bool = False) -> list[Point]:
        """Those of the points that are there, in the order of these ids."""
        records: dict[str, models.Record] = {}
        for start in range(0, len(ids), self._batch_points):
            answer = self._connection.ask(partial(self._points, ids[start : start + self._batch_points], vectors))
            records |= {str(record.id): record for record in answer}
        return self._own([records[each] for each in ids if each in records])

    def _points(self, ids: Sequence[str], vectors: bool, client: QdrantClient) -> list[models.Record]:
        return client.retrieve(self._collection, ids, with_payload=True, with_vectors=vectors)

    def set_fields(self, items: Sequence[str], fields: Sequence[Mapping[str, Any]]) -> None:
        """Sets these fields of the payloads of those points that are there, and leaves the others."""
        changes = [
            models.SetPayloadOperation(
                set_payload=models.SetPayload(
                    payload=dict(each), filter=build_filter(*self._owner, Narrowing(only=[item]))
                )
            )
            for item, each in zip(items, fields, strict=True)
        ]
        if changes:
            with self._connection.calling() as client:
                client.batch_update_points(self._collection, changes, wait=True)

    def count(self) -> int:
        condition = build_filter(*self._owner)
        return self._connection.ask(lambda client: client.count(self._collection, condition, exact=True)).count

    def scroll(self, field: str) -> Iterator[Any]:
        """One field of every point, in the order of the points' ids."""
        after = None
        while True:
            page = self.page(limit=SCROLL_POINTS, after=after, fields=[*OWNER_FIELDS, field])
            for point in page.items:
                yield point.payload[field]
            if (after := page.next) is None:
                return

    def page(
        self, *, limit: int, after: str | None, narrowing: Narrowing = EVERYTHING, fields: Fields = True
    ) -> Page[Point]:
        """The points without their vectors, in the order of their ids, from `after` on."""
        condition = build_filter(*self._owner, narrowing)
        records, following = self._connection.ask(
            lambda client: client.scroll(self._collection, condition, limit, offset=after, with_payload=fields)
        )
        return Page(self._own(records), None if following is None else str(following))

    def delete(self, narrowing: Narrowing) -> None:
        """Removes those of the version's points that are not left out."""
        self._delete(build_filter(*self._owner, narrowing))

    def delete_all_versions_but(self, keep: frozenset[str]) -> None:
        self._delete(build_filter(self._owner.tenant_id, AllVersionsBut(keep)))

    def _delete(self, condition: models.Filter) -> None:
        with self._connection.calling() as client:
            client.delete(self._collection, models.FilterSelector(filter=condition), wait=True)

    def _own(self, points: Sequence[models.ScoredPoint | models.Record]) -> list[Point]:
        """Drops what is another owner's, though it was not asked for: a server that forgets a filter leaks nothing."""
        owner = self._owner.fields().items()
        own = [
            Point(point.payload, point.score if isinstance(point, models.ScoredPoint) else 0.0, point.vector)
            for point in points
            if point.payload is not None and owner <= point.payload.items()
        ]
        if len(own) < len(points):
            logger.error("the index returned %d points that are not the tenant's", len(points) - len(own))
        return own
