"""Who there is: every investor of the tenant that the index knows."""

from datetime import UTC, datetime

from pydantic import BaseModel, ConfigDict, Field

from portfolio_twin.adapters.qdrant.points import UserRecord
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.know_investor import Strategy, evidence_weight
from portfolio_twin.services.answers.recommend import TopK
from portfolio_twin.services.cursors import NEXT_CURSOR, POINT, Cursor, read_cursor, write_cursor

EVIDENCE = "how many properties the twin knows this investor by, by the strongest that they did with each"
FIELDS = "its fields, those that are not known left out"
LISTING = {"listing_price": 714900.0, "bedrooms": 4.0, "property_type": "Multi-Family", "zipcode": "02808"}
MOVED_AT = "when they last did something that counts, UTC; null where they have done nothing"


class InvestorsQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    top_k: TopK = Field(50, description="investors on a page")
    cursor: Cursor | None = None


class KnownInvestor(BaseModel):
    user_id: int = Field(description="the investor's number in your system", examples=[374])
    evidence: dict[str, int] = Field(description=EVIDENCE, examples=[{"deal": 12, "like": 9, "dislike": 3}])
    acted_on: int = Field(description="properties contacted, bought, liked or disliked: never recommended again")
    moved_at: datetime | None = Field(description=MOVED_AT)
    strategy: Strategy = Field(description="what answers for this investor rest on")


class InvestorList(BaseModel):
    """In an order that stays while the same model is live, and has no meaning."""

    model_version: str = Field(examples=["20261121T114449Z-0f3a9c21"])
    investors: list[KnownInvestor]
    next_cursor: str | None = Field(description=NEXT_CURSOR)


def list_investors(tenant: Tenant, query: InvestorsQuery) -> InvestorList:
    """Raises CursorExpired, and InvalidInput for a cursor of another question."""
    twin = tenant.twin()
    start = read_cursor(query.cursor, twin.version, query, POINT) if query.cursor else None
    page = tenant.index(twin.version).list_users(limit=query.top_k, after=start)
    return InvestorList(
        model_version=twin.version,
        investors=[_known(twin, record) for record in page.items],
        next_cursor=write_cursor(twin.version, query, page.next) if page.next else None,
    )


def _known(twin: Twin, record: UserRecord) -> KnownInvestor:
    return KnownInvestor(
        user_id=record.user_id,
        evidence=dict(record.evidence),
        acted_on=len(record.acted_on),
        moved_at=moment(record.moved_at),
        strategy=twin.kind if evidence_weight(record.evidence) > 0 else "popular",
    )


def moment(seconds: int | None) -> datetime | None:
    """From seconds since 1970."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
