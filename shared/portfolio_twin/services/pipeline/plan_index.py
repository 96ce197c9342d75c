"""What is to be indexed for one model version, in shards; planning twice does no harm."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal, NamedTuple

from portfolio_twin.adapters.postgres.copy_reads import property_bounds, user_bounds, watermark
from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.bundle.files import check_live
from portfolio_twin.services.pipeline.run import Run

FULL_WHEN_MISSING = 0.1  # share of the properties


class ShardSizes(NamedTuple):
    properties: int = 10_000
    users: int = 10_000


SIZES = ShardSizes()


@dataclass(frozen=True)
class Shard:
    """The properties or users with after < id ≤ until; of these only what changed since a moment, if one is given."""

    kind: Literal["properties", "users"]
    after: Any  # a property id or a user id, None: from the first
    until: Any  # as `after`, None: to the last
    changed_since: str | None

    @property
    def since(self) -> datetime | None:
        return datetime.fromisoformat(self.changed_since) if self.changed_since else None


@dataclass(frozen=True)
class IndexPlan:
    mode: Literal["full", "changes"]
    started_at: str  # what commits after this moment is for the next plan
    shards: tuple[Shard, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "started_at": self.started_at,
            "property_shards": [asdict(shard) for shard in self.shards if shard.kind == "properties"],
            "user_shards": [asdict(shard) for shard in self.shards if shard.kind == "users"],
        }


def check_index(run: Run) -> None:
    """Raises IndexUnavailable when Qdrant does not answer, ModelNotFound or BundleRejected without a sound model."""
    index = run.tenant.stores.index
    if not index.healthy():
        raise IndexUnavailable("Qdrant does not answer")
    check_live(run.twin())
    index.ensure_collections()


def plan_index(run: Run, *, recreate: bool = False, sizes: ShardSizes = SIZES) -> IndexPlan:
    """Everything when it is asked for or over a tenth is missing, otherwise what changed since the last time."""
    present = run.index.count("properties")
    last = None if recreate else run.tenant.bucket.runs.indexed_until(run.version)
    with run.tenant.session() as session:
        started_at = watermark(session)
        total = PropertyRepository(session).count()
        full = last is None or present < (1 - FULL_WHEN_MISSING) * total
        shards = tuple(_shards(session, None if full else last, sizes))
    return IndexPlan("full" if full else "changes", started_at.isoformat(), shards)


def _shards(session: TenantSession, since: datetime | None, sizes: ShardSizes) -> Iterator[Shard]:
    changed_since = since.isoformat() if since else None
    properties = [None, *property_bounds(session, sizes.properties), None]
    users = [None, *user_bounds(session, sizes.users), None]
    for after, until in pairwise(properties):
        yield Shard("properties", after, until, changed_since)
    for first, last in pairwise(users):
        yield Shard("users", first, last, changed_since)
