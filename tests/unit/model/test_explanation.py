import numpy as np
import pytest

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.scoring.explanation import smallest_change
from portfolio_twin.model.scoring.scores import Scores, score_by_tower
from portfolio_twin.model.twin import Twin
from tests.fakes.twins import small_catalogue, small_twin

CATALOGUE = small_catalogue()


def scored(twin: Twin) -> Scores:
    return score_by_tower(twin, twin.known_taste(1), twin.schema.read(CATALOGUE))


def test_the_contributions_sum_to_the_score_less_the_baseline() -> None:
    twin = small_twin()
    scores = scored(twin)
    told = scores.contributions(range(60))
    sums = [sum(one.values()) for one in told]
    assert sums == pytest.approx(scores.log_odds - scores.baseline, abs=1e-3)
    assert all(set(one) == set(twin.schema.groups) for one in told)
    assert list(told[0].values()) == sorted(told[0].values(), key=lambda value: -abs(value))


def test_the_scores_are_those_of_the_twin() -> None:
    twin = small_twin()
    assert scored(twin).log_odds == pytest.approx(twin.log_odds(twin.known_taste(1), twin.property_vectors), abs=1e-5)


def test_an_input_that_the_tower_does_not_read_contributes_nothing() -> None:
    twin = small_twin()
    weight = twin.encoder.layers[0][0]
    weight[list(twin.schema.groups["bedrooms"])] = 0
    assert scored(twin).contributions([4])[0]["bedrooms"] == 0


def cheaper_is_better(variants: Catalogue) -> np.ndarray:
    return (400_000 - variants.columns["listing_price"]) / 50_000


def test_the_smallest_change_is_the_gentlest_that_crosses_the_line() -> None:
    change = smallest_change({"listing_price": 430_000.0, "price_per_sqft": 215.0}, cheaper_is_better)
    assert change is not None
    assert change.input == "listing_price"
    assert change.value == 430_000 * 0.9  # five per cent less, 408 500, would not do
    assert change.affinity > 0.5
    assert change.odds_ratio == pytest.approx(np.exp(0.1 * 430_000 / 50_000))


def test_there_is_no_change_to_tell_where_nothing_lifts_it() -> None:
    assert smallest_change({"listing_price": 1.0}, lambda variants: np.full(len(variants), -0.4)) is None
    assert smallest_change({"lat": 40.0}, cheaper_is_better) is None
