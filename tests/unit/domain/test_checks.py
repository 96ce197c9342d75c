from datetime import UTC, datetime

import numpy as np
import pytest

from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.faults import Fault, clean, find_faults, limits_of, null_shares
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.readiness import FAULT_LIMITS, Counts, count, decide, refusals
from tests.fakes.logs import log_of

NOW = int(datetime(2026, 11, 21, tzinfo=UTC).timestamp())
ENOUGH = Counts(properties=50, interactions=100, users=2, positives=100, testable_users=1)
NO_FAULTS = {name: Fault(0, 100) for name in FAULT_LIMITS}


def catalogue(n: int, **columns: list[object]) -> Catalogue:
    rows = [{name: values[i] for name, values in columns.items()} for i in range(n)]
    return Catalogue.from_rows([f"p{i}" for i in range(n)], rows)


def test_data_on_every_threshold_is_enough_to_train() -> None:
    assert decide(ENOUGH, NO_FAULTS, has_live=False)[0] == "train"


@pytest.mark.parametrize(
    ("short", "reason"),
    [
        ({"positives": 99}, "99 deals or likes, 100 needed"),
        ({"properties": 49}, "49 properties, 50 needed"),
        ({"users": 1}, "1 users, 2 needed"),
        ({"testable_users": 0}, "0 users with 3 distinct deals or likes, 1 needed"),
    ],
)
def test_one_below_a_threshold_is_skipped_beside_a_live_model_and_content_without(
    short: dict[str, int], reason: str
) -> None:
    counts = Counts(**{**ENOUGH.to_json(), **short})
    decision, reasons = decide(counts, NO_FAULTS, has_live=True)
    assert (decision, reasons[0]) == ("skip", reason)
    decision, reasons = decide(counts, NO_FAULTS, has_live=False)
    assert (decision, reasons[0]) == ("content", reason)


def test_a_tenant_without_properties_is_skipped_even_without_a_live_model() -> None:
    decision, reasons = decide(Counts(1, 0, 0, 0, 0), NO_FAULTS, has_live=False)
    assert decision == "skip"
    assert reasons[-1] == "a content model needs 2 properties"


@pytest.mark.parametrize("name", FAULT_LIMITS)
@pytest.mark.parametrize("has_live", [True, False])
def test_enough_bad_rows_of_any_kind_are_refused_with_the_limit_and_a_remedy(name: str, has_live: bool) -> None:
    limit = round(1000 * FAULT_LIMITS[name])
    assert decide(ENOUGH, {**NO_FAULTS, name: Fault(limit, 1000)}, has_live=has_live)[0] == "train"
    decision, reasons = decide(ENOUGH, {**NO_FAULTS, name: Fault(limit + 1, 1000)}, has_live=has_live)
    assert decision == "skip"
    assert reasons[0].startswith(f"refused: {limit + 1} of 1000 {name.replace('_', ' ')}")
    assert f"limit {FAULT_LIMITS[name]:.0%}" in reasons[0]


def test_counts_tell_positives_from_the_rest_and_who_can_be_tested() -> None:
    rows = [
        *((1, f"p{i}", "deal", i) for i in range(3)),
        (2, "p0", "like", 9),
        (2, "p0", "deal", 10),
        (3, "p1", "view", 11),
    ]
    expected = Counts(properties=3, interactions=6, users=3, positives=5, testable_users=1)
    assert count(Dataset(catalogue(3), log_of(*rows))) == expected


@pytest.mark.case(26)
def test_every_kind_of_fault_is_found_and_counted() -> None:
    houses = catalogue(
        5,
        listing_price=[1e5, -1.0, 1e5, None, float("inf")],
        lat=[42.0, 42.0, 42.0, None, 42.0],
        property_type=["Condo", "Castle", "Condo", None, "Land"],
    )
    events = log_of(
        (1, "p0", "deal", 5), (1, "p0", "deal", 5), (1, "gone", "view", 6), (2, "p1", "like", NOW + DAY_SECONDS)
    )
    bad_rows = {name: fault.rows for name, fault in find_faults(Dataset(houses, events), NOW).items()}
    assert bad_rows == {
        "properties_without_inputs": 1,  # p3
        "properties_out_of_range": 2,  # the price below 0 with the castle, the price without end
        "properties_duplicated": 1,  # p2 is p0 again
        "interactions_with_unknown_property": 1,
        "interactions_in_the_future": 1,
        "interactions_duplicated": 1,
    }


def test_cleaning_leaves_no_fault_but_keeps_every_property() -> None:
    houses = catalogue(3, listing_price=[1e5, -1.0, 3e5], property_type=["Condo", "Castle", None])
    events = log_of((1, "p0", "deal", 5), (1, "p0", "deal", 5), (1, "p0", "view", 5), (9, "gone", "like", 5))
    cleaned = clean(Dataset(houses, events), NOW)
    assert cleaned.catalogue.ids.tolist() == ["p0", "p1", "p2"]
    assert np.isnan(cleaned.catalogue.columns["listing_price"][1])
    assert cleaned.catalogue.columns["property_type"].tolist() == ["Condo", None, None]
    assert cleaned.log.kinds.tolist() == [KIND_CODE["deal"], KIND_CODE["view"]]
    faults = find_faults(cleaned, NOW)
    assert {name for name, fault in faults.items() if fault.rows} == {"properties_without_inputs"}  # p1, now empty
    assert houses.columns["listing_price"][1] == -1  # the data that came in is left as it was


def test_users_with_ids_too_big_for_a_float_are_not_taken_for_one() -> None:
    huge = 2**60
    events = log_of((huge, "p0", "deal", 5), (huge + 1, "p0", "deal", 5))
    assert find_faults(Dataset(catalogue(1), events), NOW)["interactions_duplicated"].rows == 0


def test_a_clock_a_minute_ahead_is_no_fault() -> None:
    dataset = Dataset(catalogue(1), log_of((1, "p0", "deal", NOW + 60)))
    assert find_faults(dataset, NOW)["interactions_in_the_future"].rows == 0


def test_ranges_are_those_of_the_api_and_attributes_may_be_any_finite_number() -> None:
    assert limits_of("lat") == (-90, 90)
    assert limits_of("condition_score") == (0, 1)
    low, high = limits_of("attributes.grade")
    assert low < -1e300
    assert high > 1e300


def test_the_share_of_nulls_is_told_per_field() -> None:
    shares = null_shares(catalogue(4, listing_price=[1.0, None, 3.0, None], property_type=["Condo", None, None, None]))
    assert (shares["listing_price"], shares["property_type"], shares["lat"]) == (0.5, 0.75, 1.0)


def test_no_data_at_all_has_no_faults() -> None:
    empty = Dataset(catalogue(0), log_of())
    assert refusals(find_faults(empty, NOW)) == []
    assert count(empty) == Counts(0, 0, 0, 0, 0)
