"""Why a candidate is not in the answer: each that the caller names is recommended, or told here."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.criteria import Narrowing
from portfolio_twin.domain.properties import OFF_MARKET_STATUSES

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

WhyLeftOut = Literal["acted_on", "unknown", "off_market", "filtered", "outranked"]
REASONS = (
    "the first that is true: acted_on by this investor; unknown, there is no such property; off_market, sold or "
    "withdrawn, and no listing_status was named; filtered by filters or buy box; outranked by the top_k"
)


class LeftOut(BaseModel):
    property_id: str
    reason: WhyLeftOut = Field(description=REASONS)


def left_out(
    index: "TenantIndex", narrowing: Narrowing, ranked: Collection[str], answered: Collection[str]
) -> list[LeftOut]:
    """The candidates that are not answered, in their order; `ranked` are those that the narrowing let through."""
    missing = [name for name in dict.fromkeys(narrowing.only or ()) if name not in answered]
    acted_on = set(narrowing.exclude)
    asked = [name for name in missing if name not in acted_on and name not in ranked]
    stored = index.get_properties(asked) if asked else {}

    def why(name: str) -> WhyLeftOut:
        if name in acted_on:
            return "acted_on"
        return "outranked" if name in ranked else _why_not_let_through(name, stored, narrowing)

    return [LeftOut(property_id=name, reason=why(name)) for name in missing]


def _why_not_let_through(name: str, stored: Mapping[str, PropertyHit], narrowing: Narrowing) -> WhyLeftOut:
    if name not in stored:
        return "unknown"
    sold = stored[name].payload.get("listing_status") in OFF_MARKET_STATUSES
    return "off_market" if narrowing.on_market and sold else "filtered"
