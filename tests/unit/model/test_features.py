import math

import numpy as np
import pytest

from portfolio_twin.domain.properties import SHOWN_ATTRIBUTES, AttributeValue, Catalogue, PropertyFeatures
from portfolio_twin.model.features import FeatureSchema
from tests.fakes.twins import small_catalogue


def one(**fields: object) -> Catalogue:
    return Catalogue.of(["x"], [PropertyFeatures.model_validate(fields)])


def test_numbers_are_standardised_on_the_training_catalogue() -> None:
    catalogue = small_catalogue(500)
    schema = FeatureSchema.learn(catalogue)
    X = schema.vectorise(catalogue)
    price = X[:, schema.groups["listing_price"][0]]
    assert abs(price.mean()) < 1e-5
    assert abs(price.std() - 1) < 1e-5


def test_missing_is_not_zero_but_the_mean_with_a_flag() -> None:
    schema = FeatureSchema.learn(small_catalogue())
    value, flag = schema.groups["year_built"]
    unknown, known = schema.vectorise(one(listing_price=3e5))[0], schema.vectorise(one(year_built=1950))[0]
    assert (unknown[value], unknown[flag]) == (0, 1)
    assert known[flag] == 0
    assert known[value] != 0


def test_prices_are_read_as_logarithms_clipped_at_the_training_quantiles() -> None:
    catalogue = small_catalogue(400)
    feature = next(f for f in FeatureSchema.learn(catalogue).numeric if f.name == "listing_price")
    prices = catalogue.columns["listing_price"]
    assert feature.log
    assert feature.high == pytest.approx(math.log1p(np.quantile(prices, 0.995)), rel=1e-3)
    schema = FeatureSchema.learn(catalogue)
    column = schema.groups["listing_price"][0]
    dear, dearer = (schema.vectorise(one(listing_price=p))[0, column] for p in (1e9, 1e10))
    assert dear == dearer


def test_an_unseen_category_sets_no_input() -> None:
    schema = FeatureSchema.learn(small_catalogue())
    columns = list(schema.groups["property_type"])
    assert schema.vectorise(one(property_type="Condo"))[0, columns].sum() == 1
    assert schema.vectorise(one(property_type="Land"))[0, columns].sum() == 0


def test_what_is_there_to_be_shown_is_never_learnt_from() -> None:
    shown: dict[str, AttributeValue] = dict.fromkeys(SHOWN_ATTRIBUTES, "https://example.com/the-same-for-all")
    houses = [PropertyFeatures(attributes=shown if i % 2 else {"pool": True}, bedrooms=float(i)) for i in range(40)]
    schema = FeatureSchema.learn(Catalogue.of([str(i) for i in range(40)], houses))
    assert list(schema.groups) == ["bedrooms"]


def test_own_attributes_are_learnt_numeric_or_categorical_and_a_wrong_kind_reads_as_missing() -> None:
    schema = FeatureSchema.learn(small_catalogue())
    assert "attributes.school_rating" in {f.name for f in schema.numeric}
    assert "attributes.zoning" in {f.name for f in schema.categorical}
    odd = schema.vectorise(one(attributes={"school_rating": "good", "zoning": 7.0}))
    assert odd[0, schema.groups["attributes.school_rating"][0]] == 0
    assert np.isfinite(odd).all()


def test_place_tells_streets_apart_and_stays_finite_on_the_other_side_of_the_world() -> None:
    schema = FeatureSchema.learn(small_catalogue())
    columns = list(schema.groups["location"])
    here, there, far = (
        schema.vectorise(one(lat=lat, lon=lon))[0, columns]
        for lat, lon in ((42.60, -73.70), (42.605, -73.70), (-42.0, 120.0))
    )
    assert np.linalg.norm(here - there) > 0.5  # half a kilometre
    assert np.isfinite(far).all()
    assert np.abs(far).max() <= 5


def test_a_field_that_never_varies_is_left_out_and_a_catalogue_without_any_is_refused() -> None:
    assert "cap_rate" not in FeatureSchema.learn(small_catalogue()).groups
    with pytest.raises(ValueError, match="nothing to learn from"):
        FeatureSchema.learn(one(listing_price=1.0))


def test_the_schema_survives_json() -> None:
    schema = FeatureSchema.learn(small_catalogue())
    again = FeatureSchema.from_json(schema.to_json())
    assert again == schema
    assert (again.vectorise(small_catalogue()) == schema.vectorise(small_catalogue())).all()
