"""Stand-ins that behave as the real thing does; the contract tests in tests/integration hold them to it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant.points import PointKind, PropertyHit, UserHit, UserPoint, Vector
from portfolio_twin.domain.criteria import Filters, GeoRadius, Range
from portfolio_twin.errors import IndexUnavailable, NotFound

EARTH_RADIUS_KM = 6371.0088
Owner = tuple[UUID, str]  # tenant, version
Stored = tuple[Vector, Mapping[str, Any]]


class FakeVectorIndex:
    """`VectorIndex` in memory; `down = True` is a Qdrant that does not answer."""

    def __init__(self) -> None:
        self.down = False
        self._ready = False
        self._properties: dict[Owner, dict[str, Stored]] = {}
        self._users: dict[Owner, dict[int, UserPoint]] = {}

    def ensure_collections(self, dimensions: int = 16) -> None:
        self._answer(ready=True)
        self._ready = True

    def healthy(self) -> bool:
        return not self.down

    def close(self) -> None:
        self.down = True

    def upsert_properties(
        self, tenant: UUID, version: str, ids: Sequence[str], vectors: Vector, payloads: Sequence[Mapping[str, Any]]
    ) -> None:
        self._answer()
        rows = zip(np.asarray(vectors, dtype=np.float32), map(dict, payloads), strict=True)
        self._properties.setdefault((tenant, version), {}).update(zip(ids, rows, strict=True))

    def upsert_users(self, tenant: UUID, version: str, users: Sequence[UserPoint]) -> None:
        self._answer()
        self._users.setdefault((tenant, version), {}).update({user.user_id: user for user in users})

    def search(self, tenant: UUID, version: str, vector: Vector, *, limit: int, **options: Any) -> list[PropertyHit]:
        return self.search_many(tenant, version, vector[np.newaxis], limit=limit, **options)[0]

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
        with_vectors: bool = False,
    ) -> list[list[PropertyHit]]:
        self._answer()
        candidates = [
            PropertyHit(i, 0.0, payload, stored)
            for i, (stored, payload) in self._properties.get((tenant, version), {}).items()
            if i not in exclude and (only is None or i in only) and (filters is None or matches(payload, filters))
        ]
        return [_best(vector, candidates, limit, with_vectors) for vector in vectors]

    def similar(
        self, tenant: UUID, version: str, property_id: str, *, limit: int, filters: Filters | None = None
    ) -> list[PropertyHit]:
        reference = self.get_properties(tenant, version, [property_id]).get(property_id)
        if reference is None or reference.vector is None:
            raise NotFound("no such property")
        return self.search(tenant, version, reference.vector, limit=limit, filters=filters, exclude=[property_id])

    def get_properties(self, tenant: UUID, version: str, property_ids: Sequence[str]) -> dict[str, PropertyHit]:
        self._answer()
        known = self._properties.get((tenant, version), {})
        return {i: PropertyHit(i, 0.0, known[i][1], known[i][0]) for i in property_ids if i in known}

    def property_vectors(self, tenant: UUID, version: str, property_ids: Sequence[str]) -> dict[str, Vector]:
        self._answer()
        known = self._properties.get((tenant, version), {})
        return {i: known[i][0] for i in property_ids if i in known}

    def get_user(self, tenant: UUID, version: str, user_id: int) -> UserPoint | None:
        self._answer()
        return self._users.get((tenant, version), {}).get(user_id)

    def search_users(self, tenant: UUID, version: str, vector: Vector, limit: int) -> list[UserHit]:
        self._answer()
        users = self._users.get((tenant, version), {}).values()
        hits = [UserHit(user.user_id, _cosine(vector, user.vector), user.evidence) for user in users]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def count(self, tenant: UUID, version: str, kind: PointKind) -> int:
        self._answer()
        return len((self._properties if kind == "properties" else self._users).get((tenant, version), {}))

    def property_ids(self, tenant: UUID, version: str) -> Iterator[str]:
        self._answer()
        return iter(list(self._properties.get((tenant, version), {})))

    def user_ids(self, tenant: UUID, version: str) -> Iterator[int]:
        self._answer()
        return iter(list(self._users.get((tenant, version), {})))

    def delete_versions(self, tenant: UUID, keep: Collection[str]) -> None:
        self._answer()
        for held in (self._properties, self._users):
            for owner in [owner for owner in held if owner[0] == tenant and owner[1] not in keep]:
                del held[owner]

    def delete_properties(self, tenant: UUID, version: str, property_ids: Collection[str]) -> None:
        self._answer()
        for property_id in property_ids:
            self._properties.get((tenant, version), {}).pop(property_id, None)

    def _answer(self, *, ready: bool = False) -> None:
        if self.down or not (self._ready or ready):
            raise IndexUnavailable("the index does not answer, or its collections are missing")


def matches(payload: Mapping[str, Any], filters: Filters) -> bool:
    """What Qdrant does with the filter: a property that lacks a field that is filtered on does not match."""
    choices = [(filters.property_type, "property_type"), (filters.zipcode, "zipcode")]
    choices += [(filters.listing_status, "listing_status")]
    ranges = [(filters.price, "listing_price"), (filters.bedrooms, "bedrooms")]
    ranges += [(filters.bathrooms, "bathrooms"), (filters.square_footage, "square_footage")]
    return (
        all(payload.get(field) in wanted for wanted, field in choices if wanted is not None)
        and all(_within(payload.get(field), limits) for limits, field in ranges if limits is not None)
        and (filters.location is None or _near(payload, filters.location))
    )


def _within(value: float | None, limits: Range) -> bool:
    if limits.min is None and limits.max is None:
        return True
    low, high = limits.min, limits.max
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def _near(payload: Mapping[str, Any], circle: GeoRadius) -> bool:
    if payload.get("lat") is None or payload.get("lon") is None:
        return False
    lat, lon, lat0, lon0 = map(radians, (payload["lat"], payload["lon"], circle.lat, circle.lon))
    half = sin((lat - lat0) / 2) ** 2 + cos(lat) * cos(lat0) * sin((lon - lon0) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half)) <= circle.radius_km


def _best(vector: Vector, candidates: Sequence[PropertyHit], limit: int, with_vectors: bool) -> list[PropertyHit]:
    hits = [
        PropertyHit(hit.property_id, _cosine(vector, hit.vector), hit.payload, hit.vector if with_vectors else None)
        for hit in candidates
        if hit.vector is not None
    ]
    return sorted(hits, key=lambda hit: -hit.score)[:limit]


def _cosine(a: Vector, b: Vector) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
