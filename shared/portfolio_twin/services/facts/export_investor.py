"""All that is stored of one person, to hand over."""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.tenant import Tenant

PAGE = 10_000  # interactions in one answer, of the 6 MB that it may have


class IndexedInvestor(BaseModel):
    """The point of one model version: what answers are made from."""

    model_version: str
    vector: list[float]
    evidence: dict[str, int]
    history: list[list[Any]] = Field(description="property, kind, seconds since 1970; the newest first")
    acted_on: list[str]


class InvestorExport(BaseModel):
    user_id: int
    known_since: datetime
    interactions: list[dict[str, Any]] = Field(description="as they are stored, every column")
    cursor: UUID | None = Field(description="of the next page; null: these were the last")
    index: list[IndexedInvestor]
    learnt_by: list[str] = Field(description="models made of the tenant's data, this person's perhaps among it")


def export_investor(tenant: Tenant, user_id: int, cursor: UUID | None = None) -> InvestorExport:
    """Raises NotFound for one who is not known, IndexUnavailable."""
    known_since, rows = tenant.read(partial(_facts, user_id, cursor))
    versions = tenant.bucket.models.versions()
    return InvestorExport(
        user_id=user_id,
        known_since=known_since,
        interactions=rows,
        cursor=rows[-1]["event_id"] if len(rows) == PAGE else None,
        index=[point for version in versions if (point := _indexed(tenant, version, user_id))],
        learnt_by=versions,
    )


def _facts(user_id: int, cursor: UUID | None, session: TenantSession) -> tuple[datetime, list[dict[str, Any]]]:
    facts = InteractionRepository(session)
    return facts.known_since(user_id), facts.of_investor(user_id, cursor, PAGE)


def _indexed(tenant: Tenant, version: str, user_id: int) -> IndexedInvestor | None:
    point = tenant.index(version).get_user(user_id)
    if point is None:
        return None
    return IndexedInvestor(
        model_version=version,
        vector=point.vector.tolist(),
        evidence=dict(point.evidence),
        history=[list(event) for event in point.history],
        acted_on=list(point.acted_on),
    )
