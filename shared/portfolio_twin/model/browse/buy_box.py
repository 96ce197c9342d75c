"""The buy box that a twin has learnt of an investor, in the words in which people state one."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from portfolio_twin.domain.arrays import Floats, Mask
from portfolio_twin.domain.criteria import Filters, GeoRadius, Range
from portfolio_twin.model.browse.read_back import ReadBack
from portfolio_twin.model.features import KM_PER_DEGREE

EVEN = 0.5  # as likely as the average property: what lies above it matches
LOW, HIGH = 0.1, 0.9  # quantiles: what is wanted, without the odd one out
LEAST_SHARE = 0.1  # of a type that goes into the filters; of what may lack a field that does
DIGITS = 4  # of a number that is told; rounded outward, so that nothing is lost
LEAST_RADIUS_KM = 0.1
FILTERED = {
    "listing_price": "price",
    "bedrooms": "bedrooms",
    "bathrooms": "bathrooms",
    "square_footage": "square_footage",
}

WANTED = [{"min": 479600, "max": 760300}, {"Multi-Family": 0.61, "Single Family": 0.33}]

Shares = dict[str, float]


class Span(BaseModel):
    """In the field's own unit: USD, ft², degrees, a fraction, a number of rooms or days."""

    min: float
    max: float


class Criterion(BaseModel):
    input: str = Field(examples=["listing_price"])
    weight: float = Field(description="mean size of its part in the log-odds of what matches")
    wanted: Span | Shares = Field(
        description="the middle 80 % of what matches, by how well it does; shares of it", examples=WANTED
    )
    market: Span | Shares = Field(description="the whole market, the odd ones out cut off; shares of it")


class LearntPlace(GeoRadius):
    """The circle round the middle of what matches that holds 80 % of it."""

    weight: float = Field(description="as of a criterion")


class LearntBuyBox(BaseModel):
    """From all that was on offer when the model was trained."""

    matching: int = Field(description="properties with an affinity above 0.5")
    of: int = Field(description="properties looked at: all of the catalogue, of more than 10 000 so many")
    criteria: list[Criterion] = Field(description="the heaviest first")
    place: LearntPlace | None = Field(description="null where nothing matches, or nothing has a location")
    filters: Filters = Field(description="the same as /recommend takes it")


def learn_buy_box(fields: ReadBack, affinity: Floats, weights: Mapping[str, float]) -> LearntBuyBox:
    """From r properties, their affinity (r,), and the weight of each input."""
    pull = np.maximum(affinity - EVEN, 0.0)  # (r,) how well each matches
    matching = int((pull > 0).sum())
    criteria = [*_numbers(fields, pull, weights), *_categories(fields, pull, weights)] if matching else []
    place = _place(fields, pull, weights.get("location", 0.0)) if matching else None
    return LearntBuyBox(
        matching=matching,
        of=len(affinity),
        criteria=sorted(criteria, key=lambda criterion: -criterion.weight),
        place=place,
        filters=_filters(fields, pull, criteria, place),
    )


def _numbers(fields: ReadBack, pull: Floats, weights: Mapping[str, float]) -> list[Criterion]:
    criteria = []
    for name, values in fields.numbers.items():
        known = np.isfinite(values)
        if not pull[known].any():
            continue
        wanted: Span | Shares
        market: Span | Shares
        if _yes_or_no(values[known]):
            wanted, market = (_yes(values[known], by) for by in (pull[known], np.ones(int(known.sum()))))
        else:
            ends = (quantile(values[known], pull[known], q) for q in (LOW, HIGH))
            wanted, market = outward(*ends), outward(float(values[known].min()), float(values[known].max()))
        criteria.append(Criterion(input=name, weight=weights.get(name, 0.0), wanted=wanted, market=market))
    return criteria


def _categories(fields: ReadBack, pull: Floats, weights: Mapping[str, float]) -> list[Criterion]:
    criteria = []
    for name, (categories, belongs) in fields.categories.items():
        wanted, market = (_shares(categories, belongs, by) for by in (pull, np.ones(len(pull))))
        if wanted:
            criteria.append(Criterion(input=name, weight=weights.get(name, 0.0), wanted=wanted, market=market))
    return criteria


def _shares(categories: tuple[str, ...], belongs: Floats, by: Floats) -> Shares:
    """Of (r, k) rows, each counted by (r,); the rest to 1 is of no category, or of a rare one. The largest first."""
    shares = (by @ belongs / by.sum()).tolist()
    told = {name: round(share, DIGITS) for name, share in zip(categories, shares, strict=True)}
    return {name: share for name, share in sorted(told.items(), key=lambda item: -item[1]) if share > 0}


def _yes_or_no(values: Floats) -> bool:
    return bool((np.minimum(np.abs(values), np.abs(values - 1)) < 1e-3).all())


def _yes(values: Floats, by: Floats) -> Shares:
    share = float(by @ (values > EVEN) / by.sum())
    return {"yes": round(share, DIGITS), "no": round(1 - share, DIGITS)}


def _place(fields: ReadBack, pull: Floats, weight: float) -> LearntPlace | None:
    located = np.isfinite(fields.lat) & np.isfinite(fields.lon)
    by = pull[located]
    if not by.any():
        return None
    lat, lon = (quantile(values[located], by, 0.5) for values in (fields.lat, fields.lon))
    north, east = fields.lat[located] - lat, (fields.lon[located] - lon) * math.cos(math.radians(lat))
    radius = quantile(np.hypot(north, east) * KM_PER_DEGREE, by, HIGH - LOW)
    return LearntPlace(
        lat=round(lat, 5), lon=round(lon, 5), radius_km=max(round(radius, 1), LEAST_RADIUS_KM), weight=weight
    )


def _filters(fields: ReadBack, pull: Floats, criteria: list[Criterion], place: LearntPlace | None) -> Filters:
    """A filter drops what lacks its field, so there is none where much of what matches does."""
    spans = {each.input: each.wanted for each in criteria if isinstance(each.wanted, Span)}
    stated: dict[str, Any] = {
        filter_name: Range(min=max(spans[name].min, 0.0), max=spans[name].max)
        for name, filter_name in FILTERED.items()
        if name in spans and not _lacking(np.isnan(fields.numbers[name]), pull)
    }
    types = next((each.wanted for each in criteria if each.input == "property_type"), {})
    if isinstance(types, dict) and sum(types.values()) > 1 - LEAST_SHARE:
        stated["property_type"] = tuple(name for name, share in types.items() if share >= LEAST_SHARE)
    if place is not None and not _lacking(np.isnan(fields.lat), pull):
        stated["location"] = GeoRadius(lat=place.lat, lon=place.lon, radius_km=place.radius_km)
    return Filters(**stated)


def _lacking(missing: Mask, pull: Floats) -> bool:
    return bool(pull @ missing > LEAST_SHARE * pull.sum())


def quantile(values: Floats, by: Floats, q: float) -> float:
    """The least of the values (k,) up to which lies the share q of all weights (k,), at least one of them above 0."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(by[order])
    at = int(np.searchsorted(reached, q * reached[-1] * (1 - 1e-12)))
    return float(values[order[at]])


def outward(low: float, high: float) -> Span:
    """Both ends with so many digits, never nearer to each other than they are."""
    return Span(min=_rounded(low, math.floor), max=_rounded(high, math.ceil))


def _rounded(value: float, way: Any) -> float:
    value = float(f"{value:.6g}")  # the features are of single precision
    if value == 0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(abs(value))) - DIGITS + 1)
    return float(f"{way(round(value / step, 6)) * step:.{DIGITS}g}")
