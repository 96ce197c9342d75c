"""What the tests of the facts put into the tables."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.database import Database
from portfolio_twin.adapters.repositories import InteractionRepository, PropertyRepository, Recorded
from portfolio_twin.domain.interactions import Interaction
from portfolio_twin.domain.properties import PropertyFeatures

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUSE = PropertyFeatures(
    listing_price=425_000.5, year_built=1987, renovation_needed=False, lat=42.65, lon=-73.75, zipcode="01220",
    property_type="Single Family", listing_status="Active", source_system="MLS",
    attributes={"walk_score": 71.5, "lot_code": "0042", "note": 'a "quoted", comma\nand a line', "pool": True},
)  # fmt: skip


def interaction(**changes: Any) -> Interaction:
    usual = {"user_id": 7, "property_id": "house", "kind": "like", "occurred_at": NOON}
    return Interaction.model_validate(usual | changes)


def put(database: Database, tenant: UUID, property_id: str = "house", features: PropertyFeatures = HOUSE) -> bool:
    with database.tenant_session(tenant) as session:
        changed = PropertyRepository(session).put(property_id, features)
        session.commit()
    return changed


def add(database: Database, tenant: UUID, *, timed: bool = True, **changes: Any) -> Recorded:
    with database.tenant_session(tenant) as session:
        recorded = InteractionRepository(session).add(interaction(**changes), timed=timed)
        session.commit()
    return recorded


def counts(database: Database, tenant: UUID) -> tuple[int, int]:
    """Properties and interactions."""
    with database.tenant_session(tenant) as session:
        return PropertyRepository(session).count(), InteractionRepository(session).count()
