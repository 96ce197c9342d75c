"""What a query string may state: every filter, and nothing that nobody reads."""

from collections.abc import Iterator
from typing import Any

import pytest

from portfolio_twin.domain.criteria import Filters
from portfolio_twin.entrypoints.query import FilterQuery
from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, small_catalogue, small_twin

A = ApiClient(TENANT_A)
ROUTES = ("/properties/p3/similar?", "/search/look-alikes/p3?", "/properties/recommendations?user_id=1&")
RANGES = {"price": "listing_price", "bedrooms": "bedrooms", "square_footage": "square_footage"}


@pytest.fixture(autouse=True)
def index() -> Iterator[FakeVectorIndex]:
    fake, twin = FakeVectorIndex(), small_twin()
    fill(fake, TENANT_A, twin, small_catalogue())
    with serving(fake_stores({TENANT_A: twin}, fake)):
        yield fake


def shown(answer: Answer) -> list[dict[str, Any]]:
    assert answer.status == 200, answer.text
    items = answer.body.get("results") or answer.body["recommendations"]
    assert items
    return [item["property"] for item in items]


@pytest.mark.parametrize("route", ROUTES)
def test_every_choice_in_the_query_narrows_the_answer(route: str) -> None:
    for name, value in (("property_type", "Condo"), ("zipcode", "12201"), ("listing_status", "Pending")):
        assert {fields[name] for fields in shown(A.get(f"{route}top_k=50&{name}={value}"))} == {value}
    two = shown(A.get(f"{route}top_k=50&zipcode=12201&zipcode=12202"))
    assert {fields["zipcode"] for fields in two} == {"12201", "12202"}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", RANGES)
def test_every_range_in_the_query_narrows_the_answer(route: str, name: str) -> None:
    everything = sorted(fields[RANGES[name]] for fields in shown(A.get(f"{route}top_k=100")))
    low, high = everything[10], everything[-10]
    found = shown(A.get(f"{route}top_k=100&{name}_min={low}&{name}_max={high}"))
    assert sorted(fields[RANGES[name]] for fields in found) == [v for v in everything if low <= v <= high]


@pytest.mark.parametrize("route", ROUTES)
def test_a_circle_in_the_query_narrows_the_answer(route: str) -> None:
    everything, near = (
        shown(A.get(f"{route}top_k=100{circle}")) for circle in ("", "&lat=42.61&lon=-73.7&radius_km=1.5")
    )
    assert 0 < len(near) < len(everything)


def test_what_a_body_can_filter_on_a_query_can_too() -> None:
    text = (
        "property_type=Condo&zipcode=1&listing_status=Sold&price_min=1&bedrooms_max=2&bathrooms_min=1"
        "&square_footage_max=9&lat=1&lon=2&radius_km=3"
    )
    pairs = [pair.split("=") for pair in text.split("&")]
    lists = ("property_type", "zipcode", "listing_status")
    query = FilterQuery.model_validate({name: [value] if name in lists else value for name, value in pairs})
    assert query.filters is not None
    assert all(getattr(query.filters, name) is not None for name in Filters.model_fields)


@pytest.mark.parametrize("route", [*ROUTES, "/properties/p3/audience?"])
@pytest.mark.parametrize("unknown", ["colour", "zip", "tenant_id", "filters"])
def test_a_parameter_that_nobody_reads_is_422_and_named(route: str, unknown: str) -> None:
    answer = A.get(f"{route}{unknown}=x")
    assert (answer.status, unknown in answer.body["error"]["message"]) == (422, True)


@pytest.mark.parametrize("path", ["/predict", "/recommend", "/search/similar", "/interactions"])
def test_where_no_query_is_read_any_parameter_is_422(path: str) -> None:
    answer = A.post(f"{path}?top_k=3", {})
    assert (answer.status, "top_k" in answer.body["error"]["message"]) == (422, True)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "wrong",
    [
        "property_type=Castle", "listing_status=sold", "zipcode=%00", "price_min=x", "price_min=-1", "price_max=nan",
        "price_min=5&price_max=4", "lat=1", "lat=91&lon=0&radius_km=1", "lat=1&lon=1&radius_km=0", "bedrooms_max=1e999",
    ],
)  # fmt: skip
def test_a_filter_that_breaks_a_rule_is_422(route: str, wrong: str) -> None:
    answer = A.get(route + wrong)
    assert (answer.status, answer.body["error"]["code"]) == (422, "InvalidInput")
