"""An explanation in words: what about the property speaks for it, and what against."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX
from portfolio_twin.model.explanation import explain
from portfolio_twin.model.twin import Taste, Twin

REASONS_GIVEN = 3
LEAST_CONTRIBUTION = 0.005  # of a probability

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


def give_reasons(twin: Twin, taste: Taste, x: Matrix, fields: Mapping[str, Any]) -> list[Reason]:
    """The inputs that matter most for this taste and property: x (w,), `fields` as `Catalogue.row` has them."""
    contributions = explain(twin, taste, x).contributions
    strongest = [(name, value) for name, value in contributions.items() if abs(value) >= LEAST_CONTRIBUTION]
    return [
        Reason(input=name, contribution=value, text=in_words(name, value, fields))
        for name, value in strongest[:REASONS_GIVEN]
    ]


def in_words(name: str, contribution: float, fields: Mapping[str, Any]) -> str:
    verb = "raises" if contribution > 0 else "lowers"
    if name == "location":
        zipcode = f" ({fields['zipcode']})" if fields.get("zipcode") else ""
        return f"the location{zipcode} {verb} the match"
    label = LABELS.get(name, name.removeprefix(ATTRIBUTE_PREFIX).replace("_", " "))
    if name.startswith(ATTRIBUTE_PREFIX):
        value = fields.get("attributes", {}).get(name.removeprefix(ATTRIBUTE_PREFIX))
    else:
        value = fields.get(name)
    if value is None:
        return f"that its {label} is not known {verb} the match"
    shown = FORMATS[name].format(value) if name in FORMATS else _plain(value)
    return f"{label} {shown} {verb} the match"


def _plain(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
