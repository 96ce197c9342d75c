"""Qdrant: the vectors of properties and investors, each point under its tenant and model version.

Everything here is derived and can be rebuilt from PostgreSQL and S3. A failure of any kind, a missing collection
among them, is IndexUnavailable: never an empty answer that looks like "nothing matches".
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant import points
from portfolio_twin.adapters.qdrant.collections import DIMENSIONS, ensure_collection
from portfolio_twin.adapters.qdrant.connection import ApiKey, IndexConnection
from portfolio_twin.adapters.qdrant.filters import AllVersionsBut
from portfolio_twin.adapters.qdrant.points import COLLECTIONS, PointKind, PropertyHit, UserHit, UserPoint, Vector
from portfolio_twin.adapters.qdrant.store import BATCH_POINTS, PointStore
from portfolio_twin.domain.criteria import Filters
from portfolio_twin.errors import IndexUnavailable, NotFound

__all__ = ["PropertyHit", "SearchOptions", "UserHit", "UserPoint", "VectorIndex"]


class SearchOptions(TypedDict, total=False):
    """How a search is narrowed down: to `filters`, to these ids `only`, never to those of `exclude`."""

    filters: Filters | None
    exclude: Collection[str]
    only: Collection[str] | None
    with_vectors: bool


class VectorIndex:
    """One warm connection for any number of tenants: every method is told whose points and which version."""

    def __init__(
        self, url: str, api_key: ApiKey = None, timeout: float = 2.0, batch_points: int = BATCH_POINTS
    ) -> None:
        self._connection = IndexConnection(url, api_key, timeout)
        self._properties = PointStore(self._connection, COLLECTIONS["properties"], batch_points)
        self._users = PointStore(self._connection, COLLECTIONS["users"], batch_points)

    def ensure_collections(self, dimensions: int = DIMENSIONS) -> None:
        """Creates what is missing of the collections and their payload indexes."""
        with self._connection.calling() as client:
            for kind in COLLECTIONS:
                ensure_collection(client, kind, dimensions)

    def healthy(self) -> bool:
        """Whether the index answers at all."""
        try:
            with self._connection.calling() as client:
                client.get_collections()
        except IndexUnavailable:
            return False
        return True

    def close(self) -> None:
        self._connection.close()

    def upsert_properties(
        self, tenant: UUID, version: str, ids: Sequence[str], vectors: Vector, payloads: Sequence[Mapping[str, Any]]
    ) -> None:
        """Stores properties, vectors (n, d) and what is known of each; those already there are replaced."""
        self._properties.upsert(
            tenant, version, ids, vectors, lambda row: points.property_payload(tenant, version, ids[row], payloads[row])
        )

    def upsert_users(self, tenant: UUID, version: str, users: Sequence[UserPoint]) -> None:
        """Stores investors; those already there are replaced."""
        if users:
            vectors = np.stack([user.vector for user in users])  # (n, d)
            ids = [user.user_id for user in users]
            self._users.upsert(
                tenant, version, ids, vectors, lambda row: points.user_payload(tenant, version, users[row])
            )

    def search(
        self, tenant: UUID, version: str, vector: Vector, *, limit: int, **options: Unpack[SearchOptions]
    ) -> list[PropertyHit]:
        """The properties nearest to the vector (d,), best first."""
        return self.search_many(tenant, version, vector[np.newaxis], limit=limit, **options)[0]

    def search_many(
        self, tenant: UUID, version: str, vectors: Vector, *, limit: int, **options: Unpack[SearchOptions]
    ) -> list[list[PropertyHit]]:
        """As `search`, for each of the vectors (k, d), in one round trip."""
        found = self._properties.search_many(tenant, version, vectors, limit=limit, **options)
        return [[points.property_hit(point) for point in answer] for answer in found]

    def similar(
        self, tenant: UUID, version: str, property_id: str, *, limit: int, filters: Filters | None = None
    ) -> list[PropertyHit]:
        """The properties most like this one, which is left out; NotFound when it is not this tenant's.

        Qdrant's own query by id looks past every filter for that id, so its vector is fetched first, as the tenant's.
        """
        reference = self.get_properties(tenant, version, [property_id]).get(property_id)
        if reference is None or reference.vector is None:
            raise NotFound("no such property")
        return self.search(tenant, version, reference.vector, limit=limit, filters=filters, exclude=[property_id])

    def get_properties(self, tenant: UUID, version: str, property_ids: Sequence[str]) -> dict[str, PropertyHit]:
        """Those of the properties that are indexed, with their vectors."""
        found = self._properties.retrieve(tenant, version, property_ids)
        hits = [points.property_hit(point) for point in found]
        return {hit.property_id: hit for hit in hits}

    def property_vectors(self, tenant: UUID, version: str, property_ids: Sequence[str]) -> dict[str, Vector]:
        """Their vectors (d,) alone, for many at a time."""
        fields = [*points.OWNER_FIELDS, "property_id"]
        found = self._properties.retrieve(tenant, version, property_ids, fields)
        return {record.payload["property_id"]: points.as_vector(record.vector) for record in found if record.vector}

    def get_user(self, tenant: UUID, version: str, user_id: int) -> UserPoint | None:
        found = self._users.retrieve(tenant, version, [user_id])
        return points.user_point(found[0]) if found else None

    def search_users(self, tenant: UUID, version: str, vector: Vector, limit: int) -> list[UserHit]:
        """The investors whose vectors are nearest, best first."""
        fields = [*points.OWNER_FIELDS, "user_id", "evidence"]
        found = self._users.search_many(tenant, version, vector[np.newaxis], limit=limit, fields=fields)[0]
        return [points.user_hit(point) for point in found]

    def count(self, tenant: UUID, version: str, kind: PointKind) -> int:
        return self._store(kind).count(tenant, version)

    def property_ids(self, tenant: UUID, version: str) -> Iterator[str]:
        """The ids of all properties indexed."""
        return self._properties.scroll(tenant, version, "property_id")

    def user_ids(self, tenant: UUID, version: str) -> Iterator[int]:
        return self._users.scroll(tenant, version, "user_id")

    def delete_versions(self, tenant: UUID, keep: Collection[str]) -> None:
        """Removes the tenant's points of every version but these."""
        for kind in COLLECTIONS:
            self._store(kind).delete(tenant, AllVersionsBut(frozenset(keep)))

    def delete_properties(self, tenant: UUID, version: str, property_ids: Collection[str]) -> None:
        if property_ids:
            self._properties.delete(tenant, version, only=property_ids)

    def _store(self, kind: PointKind) -> PointStore:
        return self._properties if kind == "properties" else self._users
