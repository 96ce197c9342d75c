"""The learnt buy box, of markets whose right answer is arithmetic."""

import math

import numpy as np
import pytest

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.model.browse.buy_box import LearntBuyBox, Span, learn_buy_box, outward, quantile
from portfolio_twin.model.browse.read_back import ReadBack, read_back
from portfolio_twin.model.features import FeatureSchema

KM_NORTH = 1 / 111.32  # degrees


def fields_of(n: int, **numbers: Floats) -> ReadBack:
    kinds = np.zeros((n, 2))
    kinds[: n // 2, 0] = kinds[n // 2 :, 1] = 1
    nowhere = np.full(n, np.nan)
    return ReadBack(numbers, {"property_type": (("Condo", "Land"), kinds)}, nowhere, nowhere)


def criterion(box: LearntBuyBox, name: str) -> tuple[object, object, float]:
    (one,) = (each for each in box.criteria if each.input == name)
    return one.wanted, one.market, one.weight


def test_a_weighted_quantile_is_the_value_at_which_the_share_of_the_weights_is_reached() -> None:
    values, ones = np.arange(10.0, 0.0, -1.0), np.ones(10)
    assert [quantile(values, ones, q) for q in (0.1, 0.5, 0.9)] == [1, 5, 9]
    assert quantile(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 9.0]), 0.1) == 2  # 1 of 10 is reached at 2
    assert quantile(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 9.0]), 0.11) == 3


def test_what_is_wanted_is_the_middle_of_what_matches_by_how_well_it_does() -> None:
    affinity = np.array([0.1] * 10 + [0.6] * 10)  # the ten dearest match, each alike
    box = learn_buy_box(fields_of(20, listing_price=np.arange(1.0, 21.0) * 1e5), affinity, {"listing_price": 0.7})
    assert (box.matching, box.of) == (10, 20)
    assert criterion(box, "listing_price") == (Span(min=11e5, max=19e5), Span(min=1e5, max=20e5), 0.7)
    assert criterion(box, "property_type")[:2] == ({"Land": 1.0}, {"Condo": 0.5, "Land": 0.5})
    assert box.filters.model_dump(exclude_none=True) == {
        "price": {"min": 11e5, "max": 19e5},
        "property_type": ("Land",),
    }


def test_the_heaviest_criterion_stands_first() -> None:
    fields = fields_of(4, bedrooms=np.array([1.0, 2.0, 3.0, 4.0]), cap_rate=np.array([0.01, 0.02, 0.03, 0.04]))
    box = learn_buy_box(fields, np.full(4, 0.9), {"cap_rate": 0.5, "bedrooms": 0.2})
    assert [each.input for each in box.criteria] == ["cap_rate", "bedrooms", "property_type"]


def test_yes_and_no_are_told_as_shares() -> None:
    affinity = np.array([0.9, 0.7, 0.2, 0.2])  # pulls of .4 and .2, one of each
    box = learn_buy_box(fields_of(4, renovation_needed=np.array([1.0, 0.0, 0.0, 0.0])), affinity, {})
    shares = {"yes": pytest.approx(2 / 3, abs=1e-4), "no": pytest.approx(1 / 3, abs=1e-4)}
    assert criterion(box, "renovation_needed")[:2] == (shares, {"yes": 0.25, "no": 0.75})


def test_where_nothing_matches_there_is_no_box() -> None:
    box = learn_buy_box(fields_of(4, bedrooms=np.ones(4)), np.full(4, 0.5), {})
    assert (box.matching, box.criteria, box.place) == (0, [], None)
    assert box.filters.model_dump(exclude_none=True) == {}


def test_a_field_that_much_of_it_lacks_is_wanted_and_filters_nothing() -> None:
    rooms = np.array([2.0, 3.0, np.nan, np.nan])
    box = learn_buy_box(fields_of(4, bedrooms=rooms), np.full(4, 0.9), {})
    assert criterion(box, "bedrooms")[0] == Span(min=2, max=3)
    assert box.filters.bedrooms is None


def test_the_place_is_the_middle_and_the_circle_that_holds_four_fifths() -> None:
    north = np.array([-3.0, -1.0, 0.0, 2.0, 40.0]) * KM_NORTH  # of the five the farthest lies outside
    fields = fields_of(5)._replace(lat=42.0 + north, lon=np.full(5, -73.0))
    box = learn_buy_box(fields, np.full(5, 0.8), {"location": 1.5})
    assert box.place is not None
    assert (box.place.lat, box.place.lon, box.place.radius_km, box.place.weight) == (42.0, -73.0, 3.0, 1.5)
    assert box.filters.location is not None
    assert box.filters.location.radius_km == 3.0


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (479_613.27, 760_211.9, (479_600.0, 760_300.0)),
        (3.0000002, 5.0, (3.0, 5.0)),
        (1987.0, 2004.0, (1987.0, 2004.0)),
        (-0.0213456, 0.05234567, (-0.02135, 0.05235)),
        (0.0, 0.3, (0.0, 0.3)),
    ],
)
def test_ends_are_rounded_outward_once_the_noise_of_single_precision_is_gone(
    low: float, high: float, told: tuple[float, float]
) -> None:
    assert outward(low, high) == Span(min=told[0], max=told[1])


def test_fields_are_read_back_as_they_were_within_what_training_keeps() -> None:
    houses = [
        PropertyFeatures(
            listing_price=200_000.0 + 10_000 * i, bedrooms=None if i == 3 else float(1 + i % 4), lat=42 + i / 100,
            lon=None if i == 5 else -73.0 + i / 90, property_type="Condo" if i % 2 else "Land",
            renovation_needed=i % 3 == 0,
        )
        for i in range(20)
    ]  # fmt: skip
    catalogue = Catalogue.of([str(i) for i in range(20)], houses)
    schema = FeatureSchema.learn(catalogue)
    back = read_back(schema, schema.vectorise(catalogue))
    middle = slice(1, 19)  # the ends are clipped
    assert back.numbers["listing_price"][middle] == pytest.approx(catalogue.columns["listing_price"][middle], rel=1e-5)
    assert back.numbers["bedrooms"].tolist() == pytest.approx(catalogue.columns["bedrooms"], abs=1e-5, nan_ok=True)
    located = [i for i in range(20) if i != 5]
    assert back.lat[located] == pytest.approx(catalogue.columns["lat"][located], abs=1e-5)
    assert back.lon[located] == pytest.approx(catalogue.columns["lon"][located], abs=1e-5)
    assert math.isnan(back.lat[5])
    categories, belongs = back.categories["property_type"]
    assert [categories[int(row.argmax())] for row in belongs] == [h.property_type for h in houses]
