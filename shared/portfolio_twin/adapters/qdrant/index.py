"""Qdrant: the vectors of properties and investors, each point under its tenant and model version.

Everything here is derived and can be rebuilt from PostgreSQL and S3. A failure of any kind, a missing collection
among them, is IndexUnavailable: never an empty answer that looks like "nothing matches".
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant import points
from portfolio_twin.adapters.qdrant.collections import Layout, ensure_collection
from portfolio_twin.adapters.qdrant.connection import ApiKey, IndexConnection
from portfolio_twin.adapters.qdrant.erasure import TenantPoints
from portfolio_twin.adapters.qdrant.filters import EVERYTHING
from portfolio_twin.adapters.qdrant.points import (
    COLLECTIONS,
    Owner,
    Page,
    PointKind,
    PropertyHit,
    UserHit,
    UserPoint,
    UserRecord,
    Vector,
)
from portfolio_twin.adapters.qdrant.store import BATCH_POINTS, PointStore
from portfolio_twin.domain.criteria import Filters, Narrowing
from portfolio_twin.errors import IndexUnavailable, NotFound

ANYWHERE = Layout()


class VectorIndex:
    """One warm connection for any number of tenants; what it holds is reached through `of`."""

    def __init__(
        self,
        url: str,
        api_key: ApiKey = None,
        timeout: float = 2.0,
        *,
        batch_points: int = BATCH_POINTS,
        layout: Layout = ANYWHERE,
    ) -> None:
        self._connection, self._batch_points = IndexConnection(url, api_key, timeout), batch_points
        self._layout = layout

    def of(self, tenant_id: UUID, version: str) -> "TenantIndex":
        return TenantIndex(self._connection, Owner(tenant_id, version), self._batch_points)

    def all_versions_of(self, tenant_id: UUID) -> TenantPoints:
        return TenantPoints(self._connection, tenant_id)

    def ensure_collections(self) -> None:
        """Creates what is missing of the collections and their payload indexes."""
        with self._connection.calling() as client:
            for kind in COLLECTIONS:
                ensure_collection(client, kind, self._layout)

    def healthy(self) -> bool:
        """Whether the index answers at all."""
        try:
            self._connection.ask(lambda client: client.get_collections())
        except IndexUnavailable:
            return False
        return True

    def close(self) -> None:
        self._connection.close()


class TenantIndex:
    """One tenant's points of one version of its model."""

    def __init__(self, connection: IndexConnection, owner: Owner, batch_points: int) -> None:
        self._owner = owner
        self._properties = PointStore(connection, COLLECTIONS["properties"], owner, batch_points)
        self._users = PointStore(connection, COLLECTIONS["users"], owner, batch_points)

    def upsert_properties(
        self,
        ids: Sequence[str],
        vectors: Vector,
        payloads: Sequence[Mapping[str, Any]],
        activity: Vector | None = None,
    ) -> None:
        """Stores properties, vectors (n, d), the fields and the activity (n, windows) of each; those already there are
        replaced.
        """

        def payload(row: int) -> dict[str, Any]:
            mine = None if activity is None else activity[row]
            return points.property_payload(self._owner, ids[row], payloads[row], mine)

        self._properties.upsert(ids, vectors, payload)

    def set_activity(self, ids: Sequence[str], activity: Vector) -> None:
        """Of properties that are indexed, (n, windows); of others nothing is stored."""
        self._properties.set_fields(ids, [{"activity": row.tolist()} for row in activity])

    def upsert_users(self, users: Sequence[UserPoint]) -> None:
        """Stores investors; those already there are replaced."""
        if users:
            vectors = np.stack([user.vector for user in users])  # (n, d)
            ids = [user.user_id for user in users]
            self._users.upsert(ids, vectors, lambda row: points.user_payload(self._owner, users[row]))

    def search(self, vector: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING) -> list[PropertyHit]:
        """The properties nearest to the vector (d,), best first."""
        answer = self._properties.search(vector, limit=limit, narrowing=narrowing)
        return [points.property_hit(point) for point in answer]

    def nearest(self, vectors: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING) -> list[list[str]]:
        """What `take` takes of the properties nearest to each of the vectors (k, d), best first, in one round trip.

        Many of them are near to several vectors: their fields are the larger part of an answer, and are read once.
        """
        return self._properties.nearest(vectors, limit=limit, narrowing=narrowing)

    def take(self, nearest: Sequence[str]) -> list[PropertyHit]:
        """Those that are still there, in this order."""
        return [points.property_hit(point) for point in self._properties.take(nearest)]

    def similar(self, property_id: str, *, limit: int, filters: Filters | None = None) -> list[PropertyHit]:
        """The properties most like this one, which is left out; NotFound when it is not this tenant's.

        Qdrant's own query by id looks past every filter for that id, so its vector is fetched first, as the tenant's.
        """
        reference = self.get_properties([property_id]).get(property_id)
        if reference is None or reference.vector is None:
            raise NotFound("no such property")
        return self.search(reference.vector, limit=limit, narrowing=Narrowing(filters, exclude=[property_id]))

    def get_properties(self, property_ids: Sequence[str]) -> dict[str, PropertyHit]:
        """Those of the properties that are indexed, with their vectors."""
        hits = [points.property_hit(point) for point in self._properties.retrieve(property_ids)]
        return {hit.property_id: hit for hit in hits}

    def list_properties(
        self, *, limit: int, after: str | None = None, narrowing: Narrowing = EVERYTHING
    ) -> Page[PropertyHit]:
        """Those that the narrowing lets through, without vectors, in an order that stays; `after`: `Page.next`."""
        page = self._properties.page(limit=limit, after=after, narrowing=narrowing)
        return Page([points.property_hit(point) for point in page.items], page.next)

    def list_users(self, *, limit: int, after: str | None = None) -> Page[UserRecord]:
        fields = [*points.OWNER_FIELDS, "user_id", "evidence", "history", "acted_on"]
        page = self._users.page(limit=limit, after=after, fields=fields)
        return Page([points.user_record(point) for point in page.items], page.next)

    def get_user(self, user_id: int) -> UserPoint | None:
        records = self._users.retrieve([user_id])
        return points.user_point(records[0]) if records else None

    def search_users(self, vector: Vector, limit: int) -> list[UserHit]:
        """The investors whose vectors are nearest to the vector (d,), best first."""
        fields = [*points.OWNER_FIELDS, "user_id", "evidence", "log_mean", "acted_on"]
        answer = self._users.search(vector, limit=limit, fields=fields)
        return [points.user_hit(point) for point in answer]

    def count(self, kind: PointKind) -> int:
        return self._store(kind).count()

    def property_ids(self) -> Iterator[str]:
        """The ids of all properties indexed."""
        return self._properties.scroll("property_id")

    def user_ids(self) -> Iterator[int]:
        return self._users.scroll("user_id")

    def delete_all_versions_but(self, keep: Collection[str]) -> None:
        """Removes the tenant's points of every version but these."""
        for kind in COLLECTIONS:
            self._store(kind).delete_all_versions_but(frozenset(keep))

    def delete_properties(self, property_ids: Collection[str]) -> None:
        if property_ids:
            self._properties.delete(Narrowing(only=property_ids))

    def delete_users(self, user_ids: Collection[int]) -> None:
        if user_ids:
            self._users.delete(Narrowing(only=[str(user_id) for user_id in user_ids]))

    def _store(self, kind: PointKind) -> PointStore:
        return self._properties if kind == "properties" else self._users
