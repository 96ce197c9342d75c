"""An explanation in words: what about the property speaks for it, and what against."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, PropertyFeatures
from portfolio_twin.model.explanation import explain
from portfolio_twin.model.twin import Twin

REASONS_TOLD = 3
TOO_SMALL_TO_TELL = 0.005

LABELS = {"confidence": "data confidence"}  # the property's own, not that of the answer
FORMATS = {
    "listing_price": "${:,.0f}",
    "estimated_value": "${:,.0f}",
    "price_per_sqft": "${:,.0f} per ft²",
    "square_footage": "{:,.0f} ft²",
    "lot_size_sqft": "{:,.0f} ft²",
    "cap_rate": "{:.1%}",
    "cash_on_cash_return": "{:.1%}",
    "year_built": "{:.0f}",
    "days_on_market": "{:.0f}",
}


class Reason(BaseModel):
    """One input of the property and what it adds to (or takes from) the affinity of the market's average property."""

    input: str
    contribution: float
    text: str


def give_reasons(
    twin: Twin, user: Matrix, x: Matrix, row: Mapping[str, Any], evidence: float, limit: int = REASONS_TOLD
) -> list[Reason]:
    """The inputs that matter most for this investor (d,) and property: x (w,), and `row` as `Catalogue.row` has it."""
    contributions = explain(twin, user, x, evidence).contributions
    told = [(name, value) for name, value in contributions.items() if abs(value) >= TOO_SMALL_TO_TELL]
    return [Reason(input=name, contribution=value, text=in_words(name, value, row)) for name, value in told[:limit]]


def in_words(name: str, contribution: float, row: Mapping[str, Any]) -> str:
    verb = "raises" if contribution > 0 else "lowers"
    if name == "location":
        place = f" ({row['zipcode']})" if row.get("zipcode") else ""
        return f"the location{place} {verb} the match"
    label = LABELS.get(name, name.removeprefix(ATTRIBUTE_PREFIX).replace("_", " "))
    if name.startswith(ATTRIBUTE_PREFIX):
        value = row.get("attributes", {}).get(name.removeprefix(ATTRIBUTE_PREFIX))
    else:
        value = row.get(name)
    if value is None:
        return f"that its {label} is not known {verb} the match"
    shown = FORMATS[name].format(value) if name in FORMATS else _plain(value)
    return f"{label} {shown} {verb} the match"


def _plain(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def known_fields(features: PropertyFeatures) -> dict[str, Any]:
    """The fields that are known, as `Catalogue.row` gives them."""
    return {name: value for name, value in features.__dict__.items() if value is not None and value != {}}
