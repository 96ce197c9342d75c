"""A tenant with facts in PostgreSQL, a published model in S3 and an empty index, all of them real."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.local.s3_server import S3Server
from portfolio_twin.adapters.database import Database
from portfolio_twin.adapters.registry import Registry
from portfolio_twin.adapters.repositories import InteractionRepository, PropertyRepository
from portfolio_twin.adapters.vector_index import VectorIndex
from portfolio_twin.domain.interactions import Interaction, Kind
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.services.index_properties import Shard, check_index, index_shard, load_twin, plan_index
from portfolio_twin.services.verify_index import verify_index
from tests.integration.conftest import make_tenant
from tests.integration.qdrant_fixtures import index_over_http
from tests.integration.s3_fixtures import FIRST, SECOND, bundle

NOW = datetime.now(UTC).replace(microsecond=0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorIndex]:
    with index_over_http(tmp_path_factory.mktemp("qdrant")) as opened:
        yield opened


@dataclass(frozen=True)
class Market:
    """One tenant and all that the index steps work with."""

    tenant: UUID
    database: Database
    registry: Registry
    index: VectorIndex

    def put(self, *property_ids: str, price: float = 300_000.0) -> None:
        with self.database.tenant_session(self.tenant) as session:
            for property_id in property_ids:
                features = PropertyFeatures(listing_price=price, square_footage=1500.0, property_type="Condo")
                PropertyRepository(session).put(property_id, features)
            session.commit()

    def act(self, user: int, property_id: str, kind: Kind = "like", minutes_ago: int = 1) -> None:
        at = NOW - timedelta(minutes=minutes_ago)
        with self.database.tenant_session(self.tenant) as session:
            item = Interaction(user_id=user, property_id=property_id, kind=kind, occurred_at=at)
            InteractionRepository(session).add(item)
            session.commit()

    def plan(self, version: str = FIRST, *, recreate: bool = False) -> dict[str, Any]:
        check_index(self.index, self.registry, self.tenant, version)
        return plan_index(self.database, self.index, self.registry, self.tenant, version, recreate=recreate)

    def index_shards(self, shards: list[dict[str, Any]], version: str = FIRST) -> int:
        twin = load_twin(self.registry, self.tenant, version)
        return sum(index_shard(self.database, self.index, twin, self.tenant, Shard.of(said)) for said in shards)

    def verify(self, started_at: str, version: str = FIRST) -> dict[str, int]:
        return verify_index(self.database, self.index, self.registry, self.tenant, version, started_at)

    def reindex(self, version: str = FIRST) -> dict[str, int]:
        """What the reindex machine does, in its order."""
        plan = self.plan(version)
        self.index_shards(plan["property_shards"], version)
        self.index_shards(plan["user_shards"], version)
        return self.verify(str(plan["started_at"]), version)

    def indexed(self, version: str = FIRST) -> list[str]:
        return sorted(self.index.property_ids(self.tenant, version))


@pytest.fixture
def market(pipeline_database: Database, index: VectorIndex, server: S3Server) -> Market:
    return make_market(pipeline_database, index, server)


def make_market(database: Database, index: VectorIndex, server: S3Server) -> Market:
    """Twenty properties, of which user 1 likes one and user 2 has viewed another; two models are published."""
    made = Market(make_tenant(database), database, Registry(server.bucket), index)
    for version, seed in ((FIRST, 1), (SECOND, 2)):
        made.registry.publish(made.tenant, version, bundle(made.tenant, version, seed))
    made.put(*(f"p{i:02d}" for i in range(20)))
    made.act(1, "p01")
    made.act(2, "p02", "view")
    return made
