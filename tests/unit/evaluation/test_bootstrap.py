import numpy as np
import pytest

from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.bootstrap import RESAMPLES, Interval, resampled_ece, resampled_means, resamples


def test_every_resample_draws_as_many_as_there_are_and_the_same_ones_each_time() -> None:
    drawn = resamples(30)
    assert drawn.shape == (RESAMPLES, 30)
    assert (drawn.sum(axis=1) == 30).all()
    assert (drawn == resamples(30)).all()


def test_the_spread_of_the_means_is_their_standard_error() -> None:
    values = np.random.default_rng(0).normal(5, 2, 400)
    means = resampled_means(resamples(400), values)
    assert means.mean() == pytest.approx(values.mean(), abs=0.02)
    assert means.std() == pytest.approx(values.std() / np.sqrt(400), rel=0.1)
    interval = Interval.of(values.mean(), means)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * values.std() / np.sqrt(400), rel=0.1)


def test_the_ece_of_a_resample_is_that_of_the_pairs_drawn() -> None:
    rng = np.random.default_rng(1)
    rows, probabilities = np.repeat(np.arange(25), 2), rng.random(50)
    labels = (rng.random(50) < 0.5).astype(np.int8)
    drawn = resamples(25)
    resampled = resampled_ece(drawn, rows, labels, probabilities)
    for resample in range(5):
        copies = np.repeat(np.arange(50), drawn[resample][rows].astype(int))
        assert resampled[resample] == pytest.approx(metrics.ece(labels[copies], probabilities[copies]))


def test_pairs_of_one_investor_are_drawn_together() -> None:
    # Ten investors with twenty equal pairs each know no more than ten pairs do: the interval stays as wide.
    labels, claimed = np.array([1, 0] * 5), np.full(10, 0.5)
    one = resampled_ece(resamples(10), np.arange(10), labels, claimed)
    twenty = resampled_ece(resamples(10), np.repeat(np.arange(10), 20), np.repeat(labels, 20), np.repeat(claimed, 20))
    assert twenty == pytest.approx(one)


def test_an_interval_of_an_ece_holds_the_ece_and_begins_at_nothing() -> None:
    rng = np.random.default_rng(2)
    claimed = np.full(60, 0.5)
    labels = np.tile(np.array([1, 0], dtype=np.int8), 30)  # exactly right: every resample shows more
    resampled = resampled_ece(resamples(60), np.arange(60), labels, claimed)
    interval = Interval.of(metrics.ece(labels, claimed), resampled)
    assert resampled.mean() > interval.value == interval.low == 0
    noisy = (rng.random(400) < 0.5).astype(np.int8)
    spread = rng.random(400)
    other = Interval.of(metrics.ece(noisy, spread), resampled_ece(resamples(400), np.arange(400), noisy, spread))
    assert other.low < other.value < other.high
