from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.model.calibration import Confidence, Platt
from portfolio_twin.model.encoder import PropertyEncoder, normalise
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


def test_platt_finds_the_line_between_the_classes() -> None:
    rng = np.random.default_rng(0)
    scores = rng.uniform(-1, 1, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-(6 * scores - 1)))).astype(float)
    platt = Platt.fit(scores, labels)
    balance = np.log((1 - labels).sum() / labels.sum())  # the balanced prior moves the intercept by the log odds
    assert platt.slope == pytest.approx(6, rel=0.05)
    assert platt.intercept == pytest.approx(-1 + balance, abs=0.15)


def test_platt_never_turns_the_ranking_round() -> None:
    platt = Platt.fit(np.array([0.9, 0.8, 0.1, 0.2]), np.array([0.0, 0.0, 1.0, 1.0]))
    assert (platt.slope, platt.intercept) == (0, 0)
    with pytest.raises(ValueError, match="both"):
        Platt.fit(np.array([0.1]), np.array([1.0]))


def test_confidence_rises_with_evidence_and_a_clear_answer_and_is_in_proportion_to_familiarity() -> None:
    confidence = Confidence.content()
    affinity = np.array([0.9])
    usual = confidence(affinity, 5.0, 1.0)
    assert confidence(affinity, 0.0, 1.0) < usual
    assert confidence(affinity, 5.0, 0.25) == 0.25 * usual
    assert confidence(np.array([0.5]), 5.0, 1.0) < usual
    assert usual < 0.5  # a model that saw no behaviour says so


def test_confidence_fitted_to_noise_never_trusts_thin_evidence_more() -> None:
    rng = np.random.default_rng(1)
    evidence = rng.uniform(0, 5, 2000)
    affinity = rng.uniform(0.01, 0.99, 2000)
    right = rng.random(2000) < 0.9 - 0.15 * evidence  # more evidence, more errors: the wrong way round
    labels = np.where(right, affinity >= 0.5, affinity < 0.5).astype(float)
    fitted = Confidence.fit(affinity, evidence, labels)
    assert fitted.coefficients[2] == 0
    assert fitted.coefficients[1] >= 0


def test_a_known_investor_is_found_and_a_new_one_gets_the_market() -> None:
    twin = small_twin()
    vector, evidence = twin.known_user(3)
    assert evidence == 1
    assert (vector == twin.user_vectors[2]).all()
    vector, evidence = twin.known_user(99)
    assert evidence == 0
    assert vector == pytest.approx(normalise(twin.market_taste))
    assert twin.known_property("p0") is not None
    assert twin.known_property("unheard of") is None
