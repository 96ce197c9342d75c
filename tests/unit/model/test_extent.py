import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.extent import LEAST_REACH_KM, Extent, cover
from portfolio_twin.model.features import KM_PER_DEGREE, FeatureSchema
from tests.fakes.twins import small_catalogue, small_twin

CATALOGUE = small_catalogue(400)
SCHEMA = FeatureSchema.learn(CATALOGUE)
EXTENT = Extent.learn(SCHEMA, SCHEMA.read(CATALOGUE))
REAL = CATALOGUE.row(1)

IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "no fields": {},
    "another state": REAL | {"lat": REAL["lat"] - 5, "lon": REAL["lon"] - 8},
    "lat and lon swapped": REAL | {"lat": REAL["lon"], "lon": REAL["lat"]},
    "an absurd price": REAL | {"listing_price": 9e10},
    "an absurd size": REAL | {"square_footage": 1e8},
    "a price of nothing": REAL | {"listing_price": 0.0},
    "an attribute without an end": REAL | {"attributes": {"school_rating": 1e308, "zoning": "R1"}},
}


def familiarity(*rows: dict[str, Any]) -> list[float]:
    values: list[float] = EXTENT.familiarity(SCHEMA.read(Catalogue.from_rows([""] * len(rows), rows))).tolist()
    return values


def test_training_properties_and_others_of_their_kind_are_familiar() -> None:
    for catalogue in (CATALOGUE, small_catalogue(400, seed=7)):
        values = EXTENT.familiarity(SCHEMA.read(catalogue))
        assert values.mean() > 0.95
        assert ((values >= 0) & (values <= 1)).all()


@pytest.mark.parametrize("row", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_what_cannot_be_of_this_market_is_answered_with_less_confidence_than_any_real_property(
    row: dict[str, Any],
) -> None:
    twin = small_twin(CATALOGUE)
    taste = twin.taste(twin.user_vectors[0], evidence=3.0)
    odd = twin.score(taste, twin.schema.read(Catalogue.from_rows([""], [row]))).confidence[0]
    assert odd < 0.1
    assert odd < twin.score(taste, twin.schema.read(CATALOGUE)).confidence.min()


def test_a_number_so_many_standard_deviations_beyond_its_range_counts_as_a_normal_draw_so_far_out() -> None:
    k = next(i for i, feature in enumerate(SCHEMA.numeric) if feature.name == "listing_price")
    feature = SCHEMA.numeric[k]
    at_the_end, beyond = (
        float(np.expm1(feature.mean + (EXTENT.high[k] + x) * feature.std)) for x in (-1e-9, 1.5)
    )  # fmt: skip
    usual, less = familiarity(REAL | {"listing_price": at_the_end}, REAL | {"listing_price": beyond})
    assert less / usual == pytest.approx(np.exp(-(1.5**2) / 2))


def test_a_typing_error_in_the_training_data_widens_no_range() -> None:
    prices = CATALOGUE.columns["listing_price"]
    many = {name: np.tile(column, 10) for name, column in CATALOGUE.columns.items()}  # 4000 properties
    many["listing_price"] = np.concatenate([np.tile(prices, 10)[:-1], [9e10]])
    catalogue = Catalogue(np.arange(4000).astype(str).astype(object), many)
    schema = FeatureSchema.learn(catalogue)
    extent = Extent.learn(schema, schema.read(catalogue))
    assert extent.familiarity(schema.read(Catalogue.from_rows([""], [REAL | {"listing_price": 9e10}])))[0] < 0.01


def test_what_is_usually_missing_costs_nothing_and_the_rest_by_how_usual_it_is() -> None:
    old = REAL | {"year_built": 1950}
    thin = {name: value for name, value in old.items() if name not in ("listing_price", "lat", "lon")}
    whole, without_year, without_price_and_location = familiarity(
        old, {name: value for name, value in old.items() if name != "year_built"}, thin
    )
    assert whole == without_year == 1  # every seventh training property has no year
    inputs = len(SCHEMA.groups)
    assert EXTENT.known == pytest.approx([1 - 58 / 400 if name == "year_built" else 1 for name in SCHEMA.groups])
    all_but_the_year = (inputs - 1) / (inputs - 58 / 400)
    assert EXTENT.usual == pytest.approx(all_but_the_year)
    assert without_price_and_location == pytest.approx((inputs - 58 / 400 - 2) / (inputs - 1))


def test_a_category_that_training_did_not_see_is_as_good_as_missing() -> None:
    school = {"school_rating": 5.0}
    unseen, missing = familiarity(REAL | {"attributes": school | {"zoning": "Mars"}}, REAL | {"attributes": school})
    assert unseen == missing


def test_a_location_counts_by_how_many_radii_it_lies_outside() -> None:
    north = EXTENT.centres[EXTENT.centres[:, 1].argmax()]
    assert SCHEMA.location is not None
    here = REAL | {"lon": SCHEMA.location.lon + north[0] / (KM_PER_DEGREE * np.cos(np.radians(SCHEMA.location.lat)))}
    at_the_centre, outside = (
        here | {"lat": SCHEMA.location.lat + (north[1] + radii * EXTENT.reach_km) / KM_PER_DEGREE} for radii in (0, 100)
    )
    usual, far = familiarity(at_the_centre, outside)
    assert (usual, far) == (1, 0)


def test_two_cities_make_one_market_and_what_lies_between_them_is_outside() -> None:
    rng = np.random.default_rng(0)
    km = np.concatenate([rng.uniform(-5, 5, (300, 2)), rng.uniform((295, -5), (305, 5), (20, 2))])
    centres, reach = cover(km)
    gaps = np.hypot(*(km[:, None] - centres).T).min(axis=0)
    assert gaps.max() <= reach < 5
    assert np.hypot(*(centres - [150, 0]).T).min() > 100
    assert len(centres) == int(np.sqrt(320))


def test_a_market_of_one_street_reaches_next_door_and_one_without_locations_nowhere() -> None:
    assert cover(np.zeros((5, 2)))[1] == LEAST_REACH_KM
    columns = {name: column for name, column in CATALOGUE.columns.items() if name not in ("lat", "lon")}
    catalogue = Catalogue(CATALOGUE.ids, columns)
    schema = FeatureSchema.learn(catalogue)
    extent = Extent.learn(schema, schema.read(catalogue))
    values = extent.familiarity(schema.read(CATALOGUE))
    assert len(extent.centres) == 0
    assert np.median(values) == 1


def test_the_extent_survives_json() -> None:
    again = Extent.from_json(json.loads(json.dumps(EXTENT.to_json())), SCHEMA)
    features = SCHEMA.read(CATALOGUE)
    assert (again.familiarity(features) == EXTENT.familiarity(features)).all()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data | {"usual": float("nan")},
        lambda data: data | {"reach_km": 0.0},
        lambda data: data | {"low": data["low"][:-1]},
        lambda data: data | {"high": [float("inf"), *data["high"][1:]]},
        lambda data: data | {"known": [0.0] * len(data["known"])},
        lambda data: data | {"centres": [[1.0, 2.0, 3.0]]},
    ],
)
def test_numbers_that_are_no_extent_are_refused(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with pytest.raises(ValueError, match=r"extent|reshape"):
        Extent.from_json(change(EXTENT.to_json()), SCHEMA)
