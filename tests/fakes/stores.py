"""Stand-ins that behave as the real thing does; the contract tests in tests/integration hold them to it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from math import asin, cos, radians, sin, sqrt
from typing import Any
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant.filters import point_id
from portfolio_twin.adapters.qdrant.points import (
    Item,
    Owner,
    Page,
    PointKind,
    PropertyHit,
    UserHit,
    UserPoint,
    UserRecord,
    Vector,
)
from portfolio_twin.domain.criteria import Filters, GeoRadius, Narrowing, Range
from portfolio_twin.domain.properties import OFF_MARKET_STATUSES, Catalogue
from portfolio_twin.errors import IndexUnavailable, NotFound
from portfolio_twin.model.twin import Twin

EARTH_RADIUS_KM = 6371.0088
EVERYTHING = Narrowing()
Stored = tuple[Vector, Mapping[str, Any]]


class FakeVectorIndex:
    """`VectorIndex` in memory; `down = True` is a Qdrant that does not answer."""

    def __init__(self) -> None:
        self.down = False
        self.ready = False
        self.properties: dict[Owner, dict[str, Stored]] = {}
        self.activity: dict[Owner, dict[str, Vector]] = {}
        self.users: dict[Owner, dict[int, UserPoint]] = {}

    def of(self, tenant_id: UUID, version: str) -> "FakeTenantIndex":
        return FakeTenantIndex(self, Owner(tenant_id, version))

    def ensure_collections(self) -> None:
        self.answer(ready=True)
        self.ready = True

    def healthy(self) -> bool:
        return not self.down

    def close(self) -> None:
        self.down = True

    def answer(self, *, ready: bool = False) -> None:
        if self.down or not (self.ready or ready):
            raise IndexUnavailable("the index does not answer, or its collections are missing")


class FakeTenantIndex:
    def __init__(self, index: FakeVectorIndex, owner: Owner) -> None:
        self._index, self._owner = index, owner

    @property
    def _properties(self) -> dict[str, Stored]:
        self._index.answer()
        return self._index.properties.setdefault(self._owner, {})

    @property
    def _users(self) -> dict[int, UserPoint]:
        self._index.answer()
        return self._index.users.setdefault(self._owner, {})

    def upsert_properties(
        self,
        ids: Sequence[str],
        vectors: Vector,
        payloads: Sequence[Mapping[str, Any]],
        activity: Vector | None = None,
    ) -> None:
        rows = zip(np.asarray(vectors, dtype=np.float32), map(dict, payloads), strict=True)
        self._properties.update(zip(ids, rows, strict=True))
        self._activity.update({} if activity is None else dict(zip(ids, activity, strict=True)))

    def set_activity(self, ids: Sequence[str], activity: Vector) -> None:
        given = zip(ids, np.asarray(activity, dtype=np.float32), strict=True)
        self._activity.update({i: row for i, row in given if i in self._properties})

    @property
    def _activity(self) -> dict[str, Vector]:
        return self._index.activity.setdefault(self._owner, {})

    def upsert_users(self, users: Sequence[UserPoint]) -> None:
        self._users.update({user.user_id: user for user in users})

    def search(self, vector: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING) -> list[PropertyHit]:
        return _best(vector, self._narrowed(narrowing), limit)

    def nearest(self, vectors: Vector, *, limit: int, narrowing: Narrowing = EVERYTHING) -> list[list[str]]:
        candidates = self._narrowed(narrowing)
        return [[hit.property_id for hit in _best(vector, candidates, limit)] for vector in vectors]

    def take(self, nearest: Sequence[str]) -> list[PropertyHit]:
        return [replace(hit, vector=None) for hit in self.get_properties(nearest).values()]

    def _narrowed(self, narrowing: Narrowing) -> list[PropertyHit]:
        only, filters = narrowing.only, narrowing.filters
        return [
            PropertyHit(i, 0.0, payload, stored, self._activity.get(i))
            for i, (stored, payload) in self._properties.items()
            if i not in narrowing.exclude
            and (only is None or i in only)
            and (filters is None or matches(payload, filters))
            and not (narrowing.on_market and payload.get("listing_status") in OFF_MARKET_STATUSES)
        ]

    def similar(self, property_id: str, *, limit: int, filters: Filters | None = None) -> list[PropertyHit]:
        reference = self.get_properties([property_id]).get(property_id)
        if reference is None or reference.vector is None:
            raise NotFound("no such property")
        return self.search(reference.vector, limit=limit, narrowing=Narrowing(filters, exclude=[property_id]))

    def get_properties(self, property_ids: Sequence[str]) -> dict[str, PropertyHit]:
        stored = self._properties
        found = {i: PropertyHit(i, 0.0, stored[i][1], stored[i][0]) for i in property_ids if i in stored}
        return {i: replace(hit, activity=self._activity.get(i)) for i, hit in found.items()}

    def list_properties(
        self, *, limit: int, after: str | None = None, narrowing: Narrowing = EVERYTHING
    ) -> Page[PropertyHit]:
        hits = {point_id(*self._owner, hit.property_id): hit for hit in self._narrowed(narrowing)}
        page = _page(hits, limit, after)
        return Page([replace(hit, vector=None) for hit in page.items], page.next)

    def list_users(self, *, limit: int, after: str | None = None) -> Page[UserRecord]:
        page = _page({point_id(*self._owner, i): user for i, user in self._users.items()}, limit, after)
        newest = [max((event.time for event in user.history), default=None) for user in page.items]
        records = zip(page.items, newest, strict=True)
        return Page([UserRecord(u.user_id, u.evidence, u.acted_on, moved) for u, moved in records], page.next)

    def get_user(self, user_id: int) -> UserPoint | None:
        return self._users.get(user_id)

    def search_users(self, vector: Vector, limit: int) -> list[UserHit]:
        hits = [
            UserHit(user.user_id, _cosine(vector, user.vector), user.evidence, user.log_mean, user.acted_on)
            for user in self._users.values()
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:limit]

    def count(self, kind: PointKind) -> int:
        return len(self._properties if kind == "properties" else self._users)

    def property_ids(self) -> Iterator[str]:
        return iter(list(self._properties))

    def user_ids(self) -> Iterator[int]:
        return iter(list(self._users))

    def delete_all_versions_but(self, keep: Collection[str]) -> None:
        self._index.answer()
        for points in (self._index.properties, self._index.users):
            for owner in [o for o in points if o.tenant_id == self._owner.tenant_id and o.version not in keep]:
                del points[owner]

    def delete_properties(self, property_ids: Collection[str]) -> None:
        for property_id in property_ids:
            self._properties.pop(property_id, None)

    def delete_users(self, user_ids: Collection[int]) -> None:
        for user_id in user_ids:
            self._users.pop(user_id, None)


def fill(index: FakeVectorIndex, tenant_id: UUID, twin: Twin, catalogue: Catalogue, *investors: UserPoint) -> None:
    """The twin's properties, and these investors."""
    index.ensure_collections()
    own = index.of(tenant_id, twin.version)
    own.upsert_properties(list(catalogue.ids), twin.property_vectors, [catalogue.row(i) for i in range(len(catalogue))])
    own.upsert_users(investors)


def matches(payload: Mapping[str, Any], filters: Filters) -> bool:
    """What Qdrant does with the filter: a property that lacks a field that is filtered on does not match."""
    for name, wanted in filters:
        value = payload.get("listing_price" if name == "price" else name)
        if isinstance(wanted, tuple) and value not in wanted:
            return False
        if isinstance(wanted, Range) and not _within(value, wanted.min, wanted.max):
            return False
    return filters.location is None or _near(payload, filters.location)


def _within(value: float | None, low: float | None, high: float | None) -> bool:
    if value is None:
        return low is None and high is None
    return (low is None or value >= low) and (high is None or value <= high)


def _near(payload: Mapping[str, Any], circle: GeoRadius) -> bool:
    if payload.get("lat") is None or payload.get("lon") is None:
        return False
    lat, lon, lat0, lon0 = map(radians, (payload["lat"], payload["lon"], circle.lat, circle.lon))
    half = sin((lat - lat0) / 2) ** 2 + cos(lat) * cos(lat0) * sin((lon - lon0) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(half)) <= circle.radius_km


def _page(points: Mapping[str, Item], limit: int, after: str | None) -> Page[Item]:
    ids = sorted(i for i in points if after is None or i >= after)
    return Page([points[i] for i in ids[:limit]], ids[limit] if len(ids) > limit else None)


def _best(vector: Vector, candidates: Sequence[PropertyHit], limit: int) -> list[PropertyHit]:
    hits = [
        PropertyHit(hit.property_id, _cosine(vector, hit.vector), hit.payload)
        for hit in candidates
        if hit.vector is not None
    ]
    return sorted(hits, key=lambda hit: -hit.score)[:limit]


def _cosine(a: Vector, b: Vector) -> float:
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))
