"""An explanation in words: what speaks for a property, and what against, on the one scale of the score."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX
from portfolio_twin.model.activity import WINDOWS_DAYS
from portfolio_twin.model.comparison import distances
from portfolio_twin.model.ranking import WANTED_WEIGHT, Past, RankingLayer
from portfolio_twin.model.scoring.scores import BESIDE_COSINE, Scores
from portfolio_twin.services.answers.know_investor import Dealing

REASONS_GIVEN = 5
LEAST_CONTRIBUTION = 0.05  # of the log-odds
TOLD = [WINDOWS_DAYS.index(days) for days in (30, 90, 365)]  # spans of activity, the most telling first
NEXT_DOOR_KM = 0.02
ACTED = {"deal": "you made a deal on", "like": "you liked"}

LABELS = {"confidence": "data confidence", "lot_size_sqft": "lot size"}  # confidence: not that of the answer
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
    """One input of the property, or what else the score knows of it, beside the market's average property."""

    input: str = Field(
        description=f"the field; {', '.join(BESIDE_COSINE)}: what the market and the history know; other: the rest"
    )
    contribution: float = Field(description="to the log-odds of the affinity")
    text: str


@dataclass(frozen=True)
class InMarket:
    """What the ranking layer knew of m properties beside their fields."""

    layer: RankingLayer
    history: Sequence[Dealing]
    past: Past
    activity: Matrix  # (m, windows)

    def nearest(self, x: Matrix) -> str:
        """That one of the properties which the investor wanted that is most like x (w,)."""
        wanted = self.past.weights >= WANTED_WEIGHT
        if not wanted.any():
            return "nothing that you wanted is known yet"
        gaps = distances(x[None] * self.layer.scales, self.past.X * self.layer.scales)[0]
        hit, acted = self._wanted(np.where(wanted, gaps, np.inf))
        where = f" in {hit.payload['zipcode']}" if hit.payload.get("zipcode") else ""
        return f"the {hit.payload.get('property_type') or 'property'}{where} that {acted}"

    def distance(self, x: Matrix) -> str:
        """How far x (w,) lies from the nearest of the properties which the investor wanted."""
        wanted = self.past.weights >= WANTED_WEIGHT
        if self.layer.comparison is None or not wanted.any():
            return "nowhere that you bought is known yet"
        km = np.where(wanted, self.layer.comparison.kilometres(x[None], self.past.X)[0], np.inf)
        hit, acted = self._wanted(km)
        what = f"the {hit.payload.get('property_type') or 'property'} that {acted}"
        return f"{_how_far(float(km.min()))} {what}"

    def _wanted(self, gaps: Matrix) -> tuple[PropertyHit, str]:
        """The entry of the history with the least gap (h,), and what the investor did with it."""
        dealing = self.history[int(np.argmin(gaps))]
        return dealing.property, ACTED[dealing.kind]

    def activity_words(self, i: int, contribution: float) -> str:
        """How much went on around property i beside what is usual, in the span that speaks as the contribution does."""
        counts, usual = np.expm1(self.activity[i]).round(), self.layer.usual_activity
        spans = [window for window in TOLD if (counts[window] > usual[window]) == (contribution > 0)]
        if not spans:
            return "others have dealt with it of late" if contribution > 0 else "few others have dealt with it of late"
        count, window = int(counts[spans[0]]), spans[0]
        interactions = f"{count or 'no'} interaction{'' if count == 1 else 's'}"
        return f"{interactions} with it in {WINDOWS_DAYS[window]} days, {usual[window]:.1f} being usual"


@dataclass(frozen=True)
class Judged:
    """m properties for one investor: their scores, and what the market knows, where that was asked."""

    scores: Scores
    hits: Sequence[PropertyHit]  # (m,)
    market: InMarket | None = None

    def reasons(self, rows: Sequence[int], limit: int = REASONS_GIVEN) -> list[list[Reason]]:
        """Of each of these properties the strongest, and what the rest comes to: they sum to the log-odds less the
        baseline.
        """
        return [
            self._told(row, contributions, limit)
            for row, contributions in zip(rows, self.scores.contributions(rows), strict=True)
        ]

    def _told(self, row: int, contributions: Mapping[str, float], limit: int) -> list[Reason]:
        given = [name for name, value in contributions.items() if abs(value) >= LEAST_CONTRIBUTION][:limit]
        told = [
            Reason(input=name, contribution=contributions[name], text=self._words(row, name, contributions[name]))
            for name in given
        ]
        rest = sum(value for name, value in contributions.items() if name not in given)
        text = f"everything else together {_verb(rest)} the match"
        return [*told, Reason(input="other", contribution=rest, text=text)] if rest else told

    def _words(self, row: int, name: str, contribution: float) -> str:
        if self.market is None or name not in BESIDE_COSINE:
            return in_words(name, contribution, self.hits[row].payload)
        if name == "activity":
            return self.market.activity_words(row, contribution)
        if name == "nearest":
            like = "like" if contribution > 0 else "not much like"
            return f"{like} {self.market.nearest(self.scores.features.X[row])}"
        if name == "distance":
            return self.market.distance(self.scores.features.X[row])
        if name == "alike":
            return f"its size, price and kind are {'' if contribution > 0 else 'not '}close to what you bought or liked"
        if name == "year":
            return f"its year on the market or of construction {_verb(contribution)} the match"
        few = "" if contribution > 0 else "few or no "
        return f"{few}investors who acted on the same properties as you acted on this one"


def _how_far(km: float) -> str:
    if km < NEXT_DOOR_KM:
        return "next door to"
    return f"{round(km * 1000, -1):.0f} m from" if km < 1 else f"{km:.1f} km from"


def _verb(contribution: float) -> str:
    return "raises" if contribution > 0 else "lowers"


def in_words(name: str, contribution: float, fields: Mapping[str, Any]) -> str:
    verb = _verb(contribution)
    if name == "location":
        return _location_in_words(fields, verb)
    label = LABELS.get(name, name.removeprefix(ATTRIBUTE_PREFIX).replace("_", " "))
    if name.startswith(ATTRIBUTE_PREFIX):
        value = fields.get("attributes", {}).get(name.removeprefix(ATTRIBUTE_PREFIX))
    else:
        value = fields.get(name)
    if value is None:
        return f"that its {label} is not known {verb} the match"
    shown = FORMATS[name].format(value) if name in FORMATS else _plain(value)
    return f"{label} {shown} {verb} the match"


def _location_in_words(fields: Mapping[str, Any], verb: str) -> str:
    """By its zip code where it has one; yet what is compared are the coordinates."""
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is None or lon is None:
        return f"that its coordinates are not known {verb} the match"
    return f"the location ({fields.get('zipcode') or f'{lat:.3f}, {lon:.3f}'}) {verb} the match"


def _plain(value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
