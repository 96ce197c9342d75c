from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.model.encoder import PropertyEncoder, normalise
from portfolio_twin.model.scoring.confidence import Confidence
from portfolio_twin.model.scoring.offer import log_mean_exp
from tests.fakes.twins import small_catalogue, small_twin


def test_every_property_is_a_unit_vector() -> None:
    assert np.linalg.norm(small_twin().embed(small_catalogue(20, seed=9)), axis=1) == pytest.approx(1, abs=1e-5)


def test_the_encoder_is_layers_with_relu_between_them() -> None:
    first = (np.array([[1.0, -1.0]], np.float32), np.array([0.0, 0.5], np.float32))
    second = (np.eye(2, dtype=np.float32), np.array([0.0, 1.0], np.float32))
    vector = PropertyEncoder([first, second])(np.array([[3.0]], np.float32))
    hidden = np.array([3.0, max(-3.0 + 0.5, 0)])
    expected = (hidden + second[1]) / np.linalg.norm(hidden + second[1])
    assert vector[0] == pytest.approx(expected)


TWIN = replace(small_twin(), market_taste=np.eye(16, dtype=np.float32)[2])


def test_an_investor_is_the_weighted_mean_of_their_properties_plus_the_market() -> None:
    a, b = np.eye(16, dtype=np.float32)[:2]
    vector = TWIN.user_vector(np.stack([a, b]), np.array([1.0, 0.5], np.float32))
    assert vector == pytest.approx(normalise(a * (1 / 1.5) + b * (0.5 / 1.5) + np.eye(16)[2]))


def test_a_dislike_turns_away_who_wants_something() -> None:
    assert TWIN.user_vector(np.eye(16, dtype=np.float32)[:2], np.array([1.0, -0.5], np.float32))[1] < 0


@pytest.mark.parametrize("weights", [[], [-0.5], [-0.5, -0.5]])
def test_where_nothing_speaks_for_a_property_the_market_s_taste_is_left(weights: list[float]) -> None:
    vectors = np.eye(16, dtype=np.float32)[: len(weights)]
    assert TWIN.user_vector(vectors, np.array(weights, np.float32)) == pytest.approx(np.eye(16)[2])


@pytest.mark.parametrize("user", range(1, 6))
def test_a_score_is_measured_against_all_that_is_on_offer(user: int) -> None:
    twin = small_twin()
    taste = twin.known_taste(user)
    log_odds = twin.log_odds(taste, twin.property_vectors)
    assert np.exp(log_odds).mean() == pytest.approx(1, abs=1e-5)  # the average property: even odds
    left_out = np.array([0, 1, 2])
    kept = np.setdiff1d(np.arange(60), left_out)
    others = twin.log_odds(twin.taste(taste.vector, left_out=left_out), twin.property_vectors)
    assert np.exp(others[kept]).mean() == pytest.approx(1, abs=1e-5)


def test_where_nothing_is_left_on_offer_the_whole_offer_is_the_measure() -> None:
    twin = small_twin()
    vector = twin.user_vectors[0]
    assert twin.taste(vector, left_out=np.arange(60)).log_mean == twin.taste(vector).log_mean


def test_the_mean_of_exponentials_overflows_nowhere() -> None:
    assert log_mean_exp(np.array([1000.0, 1000.0])) == pytest.approx(1000)
    assert log_mean_exp(np.array([-1000.0, 0.0])) == pytest.approx(-np.log(2))


def test_confidence_rises_with_evidence_and_a_clear_answer_and_is_in_proportion_to_familiarity() -> None:
    confidence = Confidence.content()
    clear = np.array([2.0])
    usual = confidence(clear, 5.0, 1.0)
    assert confidence(clear, 0.0, 1.0) < usual
    assert confidence(-clear, 5.0, 1.0) == usual
    assert confidence(clear, 5.0, 0.25) == 0.25 * usual
    assert confidence(np.array([0.0]), 5.0, 1.0) < usual
    assert usual < 0.5  # a model that saw no behaviour says so


def test_confidence_fitted_to_noise_never_trusts_thin_evidence_more() -> None:
    rng = np.random.default_rng(1)
    evidence = rng.uniform(0, 5, 2000)
    log_odds = rng.uniform(-4, 4, 2000)
    right = rng.random(2000) < 0.9 - 0.15 * evidence  # more evidence, more errors: the wrong way round
    labels = np.where(right, log_odds >= 0, log_odds < 0).astype(float)
    fitted = Confidence.fit(log_odds, evidence, labels)
    assert fitted.coefficients[2] == 0
    assert fitted.coefficients[1] >= 0


def test_a_known_investor_is_found_and_a_new_one_gets_the_market() -> None:
    twin = small_twin()
    vector, evidence, _ = twin.known_taste(3)
    assert evidence == 1
    assert (vector == twin.user_vectors[2]).all()
    vector, evidence, _ = twin.known_taste(99)
    assert evidence == 0
    assert vector == pytest.approx(normalise(twin.market_taste))
    assert twin.known_property("p0") is not None
    assert twin.known_property("unheard of") is None
