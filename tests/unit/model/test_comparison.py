from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.comparison import COMPARED, NEXT_DOOR_KM, SOMEWHERE_KM, Comparison
from portfolio_twin.model.features import KM_PER_DEGREE, FeatureSchema

IN_2012 = int(datetime(2012, 12, 31, 23, tzinfo=UTC).timestamp())
HOUSE: dict[str, Any] = {"lat": 39.0, "lon": -76.0, "bedrooms": 2.0, "bathrooms": 1.0, "year_built": 2010.0}
PROPERTIES = [
    HOUSE,
    HOUSE | {"lat": 39.0 + 1 / KM_PER_DEGREE, "bedrooms": 4.0},
    HOUSE | {"lat": 39.0 + 3 / KM_PER_DEGREE, "bathrooms": 3.0, "year_built": 2012.0},
    HOUSE | {"lat": None, "lon": None, "year_built": 2013.0},
    HOUSE | {"lat": 39.1, "year_built": None, "bedrooms": 6.0},
]
CATALOGUE = Catalogue.from_rows([f"p{i}" for i in range(5)], PROPERTIES)
SCHEMA = FeatureSchema.learn(CATALOGUE)
X = SCHEMA.vectorise(CATALOGUE)
COMPARISON = Comparison.of(SCHEMA)


def term(name: str, *wanted: int) -> list[float]:
    return list(COMPARISON.terms(X, X[list(wanted)], IN_2012)[:, COMPARED.index(name)].tolist())


def test_place_is_the_distance_to_the_nearest_wanted_alone() -> None:
    assert term("place", 0)[:3] == pytest.approx([-np.log(NEXT_DOOR_KM + km) for km in (0, 1, 3)], abs=1e-3)
    assert term("place", 0, 1)[2] == pytest.approx(-np.log(NEXT_DOOR_KM + 2), abs=1e-3)


def test_who_knows_the_place_of_neither_takes_it_for_away() -> None:
    away = -np.log(NEXT_DOOR_KM + SOMEWHERE_KM)
    assert term("place", 0)[3] == pytest.approx(away)
    assert term("place", 3) == pytest.approx([away] * 5)


def test_attributes_leave_the_place_out() -> None:
    moved = Catalogue.from_rows(["far"], [HOUSE | {"lat": 39.05, "lon": -76.1}])
    far = COMPARISON.terms(SCHEMA.vectorise(moved), X[:1], IN_2012)[0]
    assert far[COMPARED.index("attributes")] == pytest.approx(0, abs=1e-3)
    assert far[COMPARED.index("place")] < 0


def test_number_by_number_each_may_be_near_to_another_of_the_wanted() -> None:
    both = Catalogue.from_rows(["mixed"], [PROPERTIES[2] | {"bedrooms": 4.0}])  # beds of the second, all else the third
    mixed = COMPARISON.terms(SCHEMA.vectorise(both), X[[1, 2]], IN_2012)[0]
    assert mixed[COMPARED.index("each")] == pytest.approx(0, abs=1e-5)
    assert mixed[COMPARED.index("attributes")] < -0.5


def test_a_year_is_yet_to_come_or_this_one_as_of_the_moment_that_is_asked_about() -> None:
    assert term("not_yet") == [0, 0, 0, 1, 0]
    assert term("this_year") == [0, 0, 1, 0, 0]
    a_year_later = COMPARISON.terms(X, X[:0], IN_2012 + 365 * 86_400)
    assert a_year_later[:, COMPARED.index("this_year")].tolist() == [0, 0, 0, 1, 0]


def test_without_history_there_is_nothing_to_be_near_to() -> None:
    terms = COMPARISON.terms(X, X[:0], IN_2012)
    assert not terms[:, :3].any()


def test_a_catalogue_without_places_and_years_is_compared_by_what_it_has() -> None:
    catalogue = Catalogue.from_rows(["a", "b"], [{"bedrooms": 1.0}, {"bedrooms": 3.0}])
    schema = FeatureSchema.learn(catalogue)
    features = schema.vectorise(catalogue)
    terms = Comparison.of(schema).terms(features, features[:1], IN_2012)
    assert terms[0, COMPARED.index("place")] == terms[1, COMPARED.index("place")]
    assert terms[:, COMPARED.index("each")].tolist() == [0, -2]
    assert not terms[:, 3:].any()
