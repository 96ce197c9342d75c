import numpy as np
import pytest

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.explanation import explain, smallest_change
from portfolio_twin.model.twin import Taste
from tests.fakes.twins import small_catalogue, small_twin


@pytest.mark.parametrize("row", range(0, 60, 7))
def test_the_contributions_sum_to_the_score_less_the_baseline(row: int) -> None:
    twin = small_twin()
    x = twin.schema.vectorise(small_catalogue())[row]
    explanation = explain(twin, Taste(twin.user_vectors[0], 1.0), x)
    gain = explanation.affinity - explanation.baseline_affinity
    assert sum(explanation.contributions.values()) == pytest.approx(gain, abs=1e-3)
    assert set(explanation.contributions) == set(twin.schema.groups)


def test_an_input_that_the_tower_does_not_read_contributes_nothing() -> None:
    twin = small_twin()
    weight = twin.encoder.layers[0][0]
    weight[list(twin.schema.groups["bedrooms"])] = 0
    x = twin.schema.vectorise(small_catalogue())[4]
    assert explain(twin, Taste(twin.user_vectors[0], 1.0), x).contributions["bedrooms"] == 0


def cheaper_is_better(variants: Catalogue) -> np.ndarray:
    return 1 / (1 + np.exp((variants.columns["listing_price"] - 400_000) / 50_000))


def test_the_smallest_change_is_the_gentlest_that_crosses_the_line() -> None:
    change = smallest_change({"listing_price": 430_000.0, "price_per_sqft": 215.0}, cheaper_is_better)
    assert change is not None
    assert change.input == "listing_price"
    assert change.value == 430_000 * 0.9  # five per cent less, 408 500, would not do
    assert change.affinity > 0.5


def test_there_is_no_change_to_tell_where_nothing_lifts_it() -> None:
    assert smallest_change({"listing_price": 1.0}, lambda variants: np.full(len(variants), 0.4)) is None
    assert smallest_change({"lat": 40.0}, cheaper_is_better) is None
