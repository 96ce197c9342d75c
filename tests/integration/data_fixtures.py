"""A real PostgreSQL with tenants in it, and the two steps that read it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from portfolio_twin.adapters.database import Database
from portfolio_twin.adapters.registry import Registry
from portfolio_twin.adapters.repositories import PropertyRepository
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.services.check_data import check_data
from portfolio_twin.services.prepare_data import prepare_data
from tests.integration.conftest import make_tenant

VERSION = "20261108T020000Z-00000002"
NOW = datetime(2026, 11, 8, 2, 0, tzinfo=UTC)
RUN: dict[str, Any] = {"holder": "run-1", "lease_seconds": 60.0, "lookback_days": None, "now": NOW}


@pytest.fixture
def database(pipeline_database: Database) -> Database:
    return pipeline_database


@pytest.fixture
def tenant(database: Database) -> UUID:
    return make_tenant(database)


def add_properties(database: Database, tenant: UUID, n: int) -> None:
    with database.tenant_session(tenant) as session:
        for i in range(n):
            features = PropertyFeatures(
                listing_price=100_000.0 + 1_000 * i, bedrooms=float(i % 5), year_built=1950 + i,
                renovation_needed=i % 2 == 0, property_type="Condo" if i % 3 else "Land", zipcode="01220",
                attributes={"lot_code": f"{i:04d}", "rating": i / 7, "note": "line\u2028one, \"two\"\nthree"},
            )  # fmt: skip
            PropertyRepository(session).put(f"p{i}", features)
        session.commit()


def add_events(database: Database, tenant: UUID, events: list[tuple[int, str, str, datetime]]) -> None:
    """Straight into the tables, past what the API checks."""
    with database.tenant_session(tenant) as session:
        for user, property_id, kind, at in events:
            values = {"t": tenant, "u": user, "p": property_id, "k": kind, "at": at, "e": uuid4()}
            session.execute(text("insert into users values (:t, :u) on conflict do nothing"), values)
            session.execute(
                text(
                    "insert into interactions (tenant_id, event_id, user_id, property_id, kind, occurred_at)"
                    " values (:t, :e, :u, :p, :k, :at)"
                ),
                values,
            )
        session.commit()


def deals(users: int, each: int, properties: int = 60) -> list[tuple[int, str, str, datetime]]:
    return [
        (user, f"p{(7 * user + i) % properties}", "deal", NOW - timedelta(days=30 * (each - i), minutes=user))
        for user in range(users)
        for i in range(each)
    ]


def check(registry: Registry, database: Database, tenant: UUID, **more: Any) -> dict[str, Any]:
    return check_data(registry, database, tenant, VERSION, **RUN | more)


def prepare(registry: Registry, database: Database, tenant: UUID, **more: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {"model_kind": "twin", "lookback_days": None, "seed": 0, "now": NOW}
    return prepare_data(registry, database, tenant, VERSION, **settings | more)


def stored(registry: Registry, tenant: UUID) -> set[str]:
    return set(registry.files(f"{tenant}/"))
