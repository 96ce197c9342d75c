import json
import math

import numpy as np
import pytest

from portfolio_twin.evaluation.bootstrap import FEW_USERS
from portfolio_twin.evaluation.gating import comparison_gates as rivals

NAN = float("nan")


def test_a_clear_gain_is_better_and_a_clear_loss_is_not() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.random(200)
    ours = theirs + rng.normal(0.1, 0.2, 200)
    gained = rivals.better(ours, theirs, "popularity", rivals.BETTER_THAN_POPULARITY)
    assert gained.passed
    assert gained.value == pytest.approx((ours - theirs).mean())
    assert gained.limit == pytest.approx(1.645 * 0.2 / math.sqrt(200), rel=0.2)  # the one-sided 95 % margin
    lost = rivals.better(theirs, ours, "popularity", rivals.BETTER_THAN_POPULARITY)
    assert not lost.passed
    assert "popularity" in lost.note


def test_a_draw_is_not_better_but_is_not_worse() -> None:
    same = np.linspace(0, 1, 100)
    assert not rivals.better(same, same, "content-kNN", rivals.BETTER_THAN_CONTENT).passed
    assert rivals.not_worse(same, same, "the live model", rivals.WORSE_THAN_LIVE).passed


@pytest.mark.parametrize(("certainty", "lowest", "highest"), [(0.95, 0.01, 0.12), (0.80, 0.12, 0.29)])
def test_a_model_that_is_no_better_passes_as_seldom_as_the_certainty_says(
    certainty: float, lowest: float, highest: float
) -> None:
    rng = np.random.default_rng(3)
    passed = [rivals.better(rng.random(60), rng.random(60), "a rival", certainty).passed for _ in range(200)]
    assert lowest <= np.mean(passed) <= highest  # 1 − certainty, four standard errors of 200 trials either way


def test_a_loss_within_the_noise_keeps_no_new_model_out_but_a_certain_one_does() -> None:
    rng = np.random.default_rng(0)
    live = rng.random(400)
    assert rivals.not_worse(live + rng.normal(-0.001, 0.2, 400), live, "the live model", 0.95).passed
    worse = rivals.not_worse(live + rng.normal(-0.05, 0.2, 400), live, "the live model", 0.95)
    assert not worse.passed
    assert "drift" in worse.note


@pytest.mark.parametrize(("gain", "better", "not_worse"), [(0.2, True, True), (0.0, False, True), (-0.2, False, False)])
def test_with_few_investors_the_plain_mean_decides_and_the_gate_says_so(
    gain: float, better: bool, not_worse: bool
) -> None:
    theirs = np.full(FEW_USERS - 1, 0.5)
    ours = theirs + gain
    first, second = rivals.better(ours, theirs, "x", 0.95), rivals.not_worse(ours, theirs, "x", 0.95)
    assert (first.passed, second.passed) == (better, not_worse)
    assert first.note.startswith("undecided")


@pytest.mark.parametrize("theirs", [np.array([]), np.array([0.1, NAN])])
def test_a_comparison_that_cannot_be_made_fails(theirs: np.ndarray) -> None:
    gate = rivals.better(np.full(len(theirs), 0.5), theirs, "popularity", 0.95)
    assert (gate.value, gate.passed) == (None, False)
    json.dumps(gate.to_json(), allow_nan=False)


def test_the_same_figures_give_the_same_verdict_every_time() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.random(80), rng.random(80)
    assert rivals.better(ours, theirs, "x", 0.8) == rivals.better(ours, theirs, "x", 0.8)


def slice_of(users: int, change: float, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """A new and a live model whose mean gain is exactly this, with exactly this spread."""
    rng = np.random.default_rng(users)
    live, drawn = rng.random(users), rng.standard_normal(users)
    return live + change + noise * (drawn - drawn.mean()) / drawn.std(), live


def test_one_slice_that_surely_lost_more_than_five_points_is_named_whatever_the_others_gained() -> None:
    gate = rivals.no_slice_worse({"condos": slice_of(100, -0.15), "houses": slice_of(1000, 0.2)})
    assert (gate.passed, gate.limit) == (False, -rivals.SLICE_LOSS)
    assert gate.value == pytest.approx(-0.15 + 1.645 * 0.2 / math.sqrt(100), abs=0.005)  # the one-sided 95 % bound
    assert "look at condos" in gate.note
    assert "houses" not in gate.note


def test_a_loss_of_five_points_or_one_that_noise_could_make_keeps_no_model_out() -> None:
    small = rivals.no_slice_worse({"houses": slice_of(1000, 0.0), "land": slice_of(FEW_USERS, -0.1)})
    assert small.passed
    assert "land" in small.note  # −0.1 on twenty investors: the bound is −0.03, and is shown
    assert rivals.no_slice_worse({"houses": slice_of(4000, -0.04)}).passed


def test_an_equal_model_is_kept_out_by_no_slice_of_many() -> None:
    slices = {f"slice {users}": slice_of(users, 0.0, noise=0.3) for users in range(FEW_USERS, FEW_USERS + 40)}
    assert rivals.no_slice_worse(slices).passed


def test_slices_of_a_few_investors_leave_the_gate_undecided() -> None:
    gate = rivals.no_slice_worse({"land": slice_of(FEW_USERS - 1, -0.5, noise=0)})
    assert (gate.passed, gate.value) == (True, None)
    assert gate.note.startswith("undecided")
    assert rivals.no_slice_worse({}) == gate
    assert rivals.no_live_model().passed
