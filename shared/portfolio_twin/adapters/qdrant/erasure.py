"""All that the index holds of a tenant, or of one of its investors, whatever the version: counted, and erased."""

from collections.abc import Iterable, Iterator
from uuid import UUID

from qdrant_client import models

from portfolio_twin.adapters.qdrant.connection import IndexConnection
from portfolio_twin.adapters.qdrant.filters import AllVersionsBut, ThesePoints, build_filter, point_id
from portfolio_twin.adapters.qdrant.points import COLLECTIONS

PAGE_POINTS = 5_000
ANY_VERSION = AllVersionsBut(frozenset())


class TenantPoints:
    def __init__(self, connection: IndexConnection, tenant_id: UUID) -> None:
        self._connection, self._tenant_id = connection, tenant_id

    def count(self) -> int:
        condition = build_filter(self._tenant_id, ANY_VERSION)
        return sum(self._count(name, condition) for name in COLLECTIONS.values())

    def erase(self, at_most: int = PAGE_POINTS) -> Iterator[int]:
        """Erases them, so many at a time: after each page, how many it was.

        By their ids, for a filter that finds millions of points outlasts the client's patience.
        """
        condition = build_filter(self._tenant_id, ANY_VERSION)
        for name in COLLECTIONS.values():
            while page := self._page(name, condition, at_most):
                self._delete(name, page)
                yield len(page)

    def erase_investor(self, user_id: int, versions: Iterable[str]) -> int:
        """How many points they had under these versions."""
        ids = [point_id(self._tenant_id, version, user_id) for version in versions]
        condition = build_filter(self._tenant_id, ThesePoints(ids))
        stored = self._count(COLLECTIONS["users"], condition)
        self._delete(COLLECTIONS["users"], ids)
        return stored

    def _count(self, collection: str, condition: models.Filter) -> int:
        return self._connection.ask(lambda client: client.count(collection, condition, exact=True)).count

    def _page(self, collection: str, condition: models.Filter, at_most: int) -> list[str]:
        points, _ = self._connection.ask(
            lambda client: client.scroll(collection, condition, limit=at_most, with_payload=False)
        )
        return [str(point.id) for point in points]

    def _delete(self, collection: str, ids: list[str]) -> None:
        if not ids:
            return
        chosen = models.FilterSelector(filter=build_filter(self._tenant_id, ThesePoints(ids)))
        with self._connection.calling() as client:
            client.delete(collection, chosen, wait=True)
