import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from portfolio_twin import adapters
from portfolio_twin.adapters.qdrant.filters import AllVersionsBut, build_filter, point_id
from portfolio_twin.domain.criteria import BuyBox, Filters, GeoRadius, Narrowing, Range

TENANT = UUID("6f1c2a52-0b0e-4c3e-9a43-0d9a7b1d8a10")
VERSION = "20261101T030000Z-0a1b2c3d"
OWNED = [{"key": "tenant_id", "match": {"value": str(TENANT)}}, {"key": "model_version", "match": {"value": VERSION}}]


def sent(filters: Filters | None = None, **narrowing: Any) -> dict[str, Any]:
    """The filter as it goes over the wire."""
    built = build_filter(TENANT, VERSION, Narrowing(filters, **narrowing))
    body: dict[str, Any] = json.loads(built.model_dump_json(exclude_none=True))
    return body


def test_without_any_filter_the_tenant_and_the_version_are_demanded() -> None:
    assert sent() == {"must": OWNED}


@pytest.mark.parametrize(
    ("filters", "condition"),
    [
        (Filters(property_type=("Condo", "Land")), {"key": "property_type", "match": {"any": ["Condo", "Land"]}}),
        (Filters(zipcode=("12207",)), {"key": "zipcode", "match": {"any": ["12207"]}}),
        (Filters(listing_status=("Active",)), {"key": "listing_status", "match": {"any": ["Active"]}}),
        (Filters(price=Range(min=1.0, max=2.0)), {"key": "listing_price", "range": {"gte": 1.0, "lte": 2.0}}),
        (Filters(bedrooms=Range(min=3.0)), {"key": "bedrooms", "range": {"gte": 3.0}}),
        (Filters(bathrooms=Range(max=2.5)), {"key": "bathrooms", "range": {"lte": 2.5}}),
        (Filters(square_footage=Range(min=0.0)), {"key": "square_footage", "range": {"gte": 0.0}}),
        (BuyBox(price=Range(max=9.0)), {"key": "listing_price", "range": {"lte": 9.0}}),
    ],
)
def test_each_criterion_is_one_more_condition_beside_the_owner(filters: Filters, condition: dict[str, Any]) -> None:
    assert sent(filters) == {"must": [*OWNED, condition]}


def test_every_criterion_that_a_caller_can_state_reaches_the_filter() -> None:
    one = Range(min=1.0)
    everything = Filters(
        property_type=("Condo",), zipcode=("12207",), listing_status=("Active",), price=one, bedrooms=one,
        bathrooms=one, square_footage=one, location=GeoRadius(lat=0.0, lon=0.0, radius_km=1.0),
    )  # fmt: skip
    assert all(getattr(everything, name) is not None for name in Filters.model_fields)
    assert len(sent(everything)["must"]) == len(OWNED) + len(Filters.model_fields)


def test_a_circle_in_kilometres_is_sent_in_metres() -> None:
    condition = sent(Filters(location=GeoRadius(lat=42.65, lon=-73.75, radius_km=2.5)))["must"][-1]
    circle = {"center": {"lat": 42.65, "lon": -73.75}, "radius": 2.5 * 1000}
    assert condition == {"key": "location", "geo_radius": circle}


def test_a_range_that_is_open_at_both_ends_asks_for_nothing() -> None:
    assert sent(Filters(price=Range())) == {"must": OWNED}


def test_ids_are_named_as_points_of_this_tenant_and_version() -> None:
    body = sent(exclude=["a"], only=["a", "b"])
    assert body["must"] == [*OWNED, {"has_id": [point_id(TENANT, VERSION, "a"), point_id(TENANT, VERSION, "b")]}]
    assert body["must_not"] == [{"has_id": [point_id(TENANT, VERSION, "a")]}]


def test_what_is_on_the_market_is_all_but_what_is_known_to_be_off_it() -> None:
    """A condition that only names what is for sale would leave out those whose status is not known."""
    off = {"key": "listing_status", "match": {"any": ["Sold", "Off Market"]}}
    assert sent(on_market=True) == {"must": OWNED, "must_not": [off]}


def test_only_nothing_is_not_the_same_as_anything() -> None:
    assert {"has_id": []} in sent(only=[])["must"]


def test_all_versions_but_some_still_demands_the_tenant() -> None:
    kept = build_filter(TENANT, AllVersionsBut(frozenset({"v2", "v1"}))).model_dump(exclude_none=True)
    assert kept["must"] == OWNED[:1]
    assert kept["must_not"] == [{"key": "model_version", "match": {"any": ["v1", "v2"]}}]
    assert build_filter(TENANT, AllVersionsBut(frozenset())).model_dump(exclude_none=True) == {"must": OWNED[:1]}


def test_a_point_has_the_same_id_every_time_and_another_for_any_other_owner() -> None:
    assert point_id(TENANT, VERSION, "a") == point_id(TENANT, VERSION, "a")
    others = [point_id(uuid4(), VERSION, "a"), point_id(TENANT, "other", "a"), point_id(TENANT, VERSION, "b")]
    assert len({point_id(TENANT, VERSION, "a"), *others}) == 1 + len(others)


def test_filters_are_made_in_one_file_alone() -> None:
    source = Path(adapters.__path__[0]).parent
    makers = {path.name for path in source.rglob("*.py") if "models.Filter(" in path.read_text()}
    assert makers == {"filters.py"}
