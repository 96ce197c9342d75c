"""The index brought up to date for one model version, shard by shard: planned, filled, verified. All can run twice."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any, Literal, Self
from uuid import UUID

from portfolio_twin.adapters.postgres.copy_reads import (
    changed_users,
    copy_catalogue,
    copy_log,
    property_bounds,
    user_bounds,
    watermark,
)
from portfolio_twin.adapters.postgres.database import Database, TenantSession
from portfolio_twin.adapters.postgres.repositories import PropertyRepository
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.bundle import unpack
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.user_points import user_points

SHARD_PROPERTIES = 10_000
SHARD_USERS = 10_000
FULL_WHEN_MISSING = 0.1  # share of the properties


@dataclass(frozen=True)
class Shard:
    """The properties or users with after < id ≤ until; of these only what changed since a moment, if one is given."""

    kind: Literal["properties", "users"]
    after: Any  # a property id or a user id, None: from the first
    until: Any  # as `after`, None: to the last
    changed_since: str | None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        return cls(said["kind"], said["after"], said["until"], said["changed_since"])

    @property
    def since(self) -> datetime | None:
        return datetime.fromisoformat(self.changed_since) if self.changed_since else None


@lru_cache(maxsize=2)  # a bundle never changes, and a warm function indexes shard after shard of the same one
def load_twin(registry: Registry, tenant: UUID, version: str) -> Twin:
    return unpack(registry.fetch_bundle(tenant, version), tenant, version)


def check_index(index: VectorIndex, registry: Registry, tenant: UUID, version: str) -> None:
    """Raises IndexUnavailable when Qdrant does not answer, ModelNotFound or BundleRejected without a sound model."""
    if not index.healthy():
        raise IndexUnavailable("Qdrant does not answer")
    index.ensure_collections(load_twin(registry, tenant, version).config.embedding_dim)


def plan_index(
    database: Database, index: VectorIndex, registry: Registry, tenant: UUID, version: str, *, recreate: bool
) -> dict[str, Any]:
    """Everything when it is asked for or over a tenth is missing, otherwise what changed since the last time."""
    present = index.count(tenant, version, "properties")
    last = None if recreate else _indexed_at(registry, tenant, version)
    with database.tenant_session(tenant) as session:
        started_at = watermark(session)
        total = PropertyRepository(session).count()
        full = last is None or present < (1 - FULL_WHEN_MISSING) * total
        since = None if full else last
        shards = list(_shards(session, since))
    return {
        "mode": "full" if full else "changes",
        "started_at": started_at.isoformat(),
        "property_shards": [asdict(shard) for shard in shards if shard.kind == "properties"],
        "user_shards": [asdict(shard) for shard in shards if shard.kind == "users"],
    }


def index_shard(database: Database, index: VectorIndex, twin: Twin, tenant: UUID, shard: Shard) -> int:
    """How many points it stored."""
    with database.tenant_session(tenant) as session:
        if shard.kind == "properties":
            return _index_properties(session, index, twin, tenant, shard)
        return _index_users(session, index, twin, tenant, shard)


def catch_up(database: Database, index: VectorIndex, registry: Registry, tenant: UUID, version: str) -> dict[str, int]:
    """Indexes what changed since this version's points were last brought up to date."""
    plan = plan_index(database, index, registry, tenant, version, recreate=False)
    twin = load_twin(registry, tenant, version)
    done = {"properties": 0, "users": 0}
    for said in (*plan["property_shards"], *plan["user_shards"]):
        shard = Shard.of(said)
        done[shard.kind] += index_shard(database, index, twin, tenant, shard)
    note_indexed(registry, tenant, version, plan["started_at"])
    return done


def note_indexed(registry: Registry, tenant: UUID, version: str, started_at: str) -> None:
    """From here on, what changed before `started_at` counts as indexed."""
    registry.write(_note_key(tenant, version), json.dumps({"indexed_at": started_at}).encode())


def _indexed_at(registry: Registry, tenant: UUID, version: str) -> datetime | None:
    found = registry.find(_note_key(tenant, version))
    return None if found is None else datetime.fromisoformat(json.loads(found.body)["indexed_at"])


def _note_key(tenant: UUID, version: str) -> str:
    return f"{tenant}/index/{version}.json"


def _shards(session: TenantSession, since: datetime | None) -> Iterator[Shard]:
    changed_since = since.isoformat() if since else None
    properties = [None, *property_bounds(session, SHARD_PROPERTIES), None]
    users = [None, *user_bounds(session, SHARD_USERS), None]
    for after, until in pairwise(properties):
        yield Shard("properties", after, until, changed_since)
    for first, last in pairwise(users):
        yield Shard("users", first, last, changed_since)


def _index_properties(session: TenantSession, index: VectorIndex, twin: Twin, tenant: UUID, shard: Shard) -> int:
    catalogue = copy_catalogue(session, after=shard.after, until=shard.until, changed_since=shard.since)
    if len(catalogue):
        rows = [catalogue.row(i) for i in range(len(catalogue))]
        index.upsert_properties(tenant, twin.version, catalogue.ids.tolist(), twin.embed(catalogue), rows)
    return len(catalogue)


def _index_users(session: TenantSession, index: VectorIndex, twin: Twin, tenant: UUID, shard: Shard) -> int:
    users = changed_users(session, shard.since) if shard.since else None
    log = copy_log(session, users=users, after_user=shard.after, until_user=shard.until)
    points = user_points(twin, log, lambda ids: index.property_vectors(tenant, twin.version, ids))
    index.upsert_users(tenant, twin.version, points)
    return len(points)
