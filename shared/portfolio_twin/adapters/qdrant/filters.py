"""Filters for Qdrant, which are built here and nowhere else, and the ids of its points.

Qdrant knows no tenants of ours: a query that forgets them sees everybody's points.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID, uuid5

from qdrant_client import models

from portfolio_twin.domain.criteria import Filters, GeoRadius, Narrowing, Range
from portfolio_twin.domain.properties import OFF_MARKET_STATUSES

METRES_PER_KM = 1000.0
RANGE_FIELDS = {
    "price": "listing_price",
    "bedrooms": "bedrooms",
    "bathrooms": "bathrooms",
    "square_footage": "square_footage",
}
CHOICE_FIELDS = ("property_type", "zipcode", "listing_status")
EVERYTHING = Narrowing()


class AllVersionsBut(NamedTuple):
    """Instead of one version: every point of the tenant that belongs to none of these."""

    keep: frozenset[str]


def point_id(tenant: UUID, version: str, item: str | int) -> str:
    """The id of a property's or a user's point: the same for the same three, so indexing twice changes nothing."""
    return str(uuid5(tenant, f"{version}/{item}"))


class ThesePoints(NamedTuple):
    """Instead of one version: those of the tenant's points that have these ids."""

    ids: Sequence[str]


def build_filter(
    tenant: UUID, version: str | AllVersionsBut | ThesePoints, narrowing: Narrowing = EVERYTHING
) -> models.Filter:
    """What a point must be to be seen: this tenant's, of this version, and as the caller narrows it down further."""
    must = [_match("tenant_id", str(tenant))]
    must_not: list[models.Condition] = []
    if isinstance(version, ThesePoints):
        return models.Filter(must=[*must, models.HasIdCondition(has_id=list(version.ids))])
    if isinstance(version, AllVersionsBut):
        if version.keep:
            must_not.append(_match_any("model_version", sorted(version.keep)))
        return models.Filter(must=must, must_not=must_not or None)
    must.append(_match("model_version", version))
    must += _conditions(narrowing.filters)
    if narrowing.only is not None:
        must.append(_has_id(tenant, version, narrowing.only))
    if narrowing.exclude:
        must_not.append(_has_id(tenant, version, narrowing.exclude))
    if narrowing.on_market:
        must_not.append(_match_any("listing_status", list(OFF_MARKET_STATUSES)))
    return models.Filter(must=must, must_not=must_not or None)


def _conditions(filters: Filters | None) -> list[models.Condition]:
    if filters is None:
        return []
    chosen = {name: getattr(filters, name) for name in CHOICE_FIELDS}
    conditions = [_match_any(name, list(values)) for name, values in chosen.items() if values is not None]
    conditions += [
        _range(field, limits)
        for name, field in RANGE_FIELDS.items()
        if (limits := getattr(filters, name)) is not None and (limits.min is not None or limits.max is not None)
    ]
    return conditions + ([_within(filters.location)] if filters.location else [])


def _has_id(tenant: UUID, version: str, property_ids: Collection[str]) -> models.Condition:
    return models.HasIdCondition(has_id=[point_id(tenant, version, property_id) for property_id in property_ids])


def _match(field: str, value: str) -> models.Condition:
    return models.FieldCondition(key=field, match=models.MatchValue(value=value))


def _match_any(field: str, values: list[str]) -> models.Condition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=values))


def _range(field: str, limits: Range) -> models.Condition:
    return models.FieldCondition(key=field, range=models.Range(gte=limits.min, lte=limits.max))


def _within(circle: GeoRadius) -> models.Condition:
    centre = models.GeoPoint(lat=circle.lat, lon=circle.lon)
    radius = models.GeoRadius(center=centre, radius=circle.radius_km * METRES_PER_KM)
    return models.FieldCondition(key="location", geo_radius=radius)
