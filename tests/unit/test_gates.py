import json
import math

import numpy as np
import pytest

from portfolio_twin.domain import gates
from portfolio_twin.domain.gates import FEW_USERS, Gate, verdict
from portfolio_twin.domain.health import collapsed_directions, effective_rank, lookalike_sanity

NAN = float("nan")
JUST_BELOW = 1e-9


@pytest.mark.parametrize(("gate", "limit"), [(gates.f1, gates.F1_LIMIT), (gates.accuracy, gates.ACCURACY_LIMIT)])
def test_a_figure_on_the_limit_passes_and_one_just_below_fails_saying_where_to_look(gate, limit) -> None:  # type: ignore[no-untyped-def]  # parametrised
    assert gate(limit) == Gate(limit, limit, True, "")
    failed = gate(limit - JUST_BELOW)
    assert not failed.passed
    assert "look at the confusion matrix" in failed.note


def test_calibration_passes_on_the_limit_and_fails_just_above() -> None:
    assert gates.calibration(gates.ECE_LIMIT).passed
    failed = gates.calibration(gates.ECE_LIMIT + JUST_BELOW)
    assert not failed.passed
    assert "reliability curve" in failed.note


@pytest.mark.parametrize("value", [None, NAN, math.inf, -math.inf])
@pytest.mark.parametrize("gate", [gates.f1, gates.accuracy, gates.calibration])
def test_a_missing_or_non_finite_figure_fails_and_is_told_as_null(gate, value) -> None:  # type: ignore[no-untyped-def]  # parametrised
    found = gate(value)
    assert (found.value, found.passed) == (None, False)
    assert found.note.startswith("not measured")
    json.dumps(found.to_json(), allow_nan=False)


def test_on_few_pairs_the_calibration_limit_is_what_chance_makes_and_the_gate_says_so() -> None:
    few, many = np.full(40, 0.5), np.full(20_000, 0.5)
    assert gates.chance_ece(few) > gates.ECE_LIMIT > gates.chance_ece(many)
    found = gates.calibration(gates.ECE_LIMIT + 0.01, gates.chance_ece(few))
    assert found.passed
    assert found.note.startswith("undecided")
    assert not gates.calibration(0.4, gates.chance_ece(few)).passed
    assert gates.chance_ece(np.array([])) == 0


def test_anything_not_finite_fails_by_name() -> None:
    assert gates.finite([]) == Gate(0.0, 0.0, True, "")
    assert "tower.0.weight" in gates.finite(["tower.0.weight"]).note
    assert not gates.finite(["affinities"]).passed


@pytest.mark.parametrize(
    ("losses", "passed"),
    [
        ([2.0, 1.5, 1.0], True),
        ([2.0, 3.0, 1.999], True),
        ([2.0, 1.0, 2.0], False),
        ([2.0, 2.5], False),
        ([2.0], False),
        ([], False),
        ([2.0, NAN], False),
        ([math.inf, 1.0], False),
    ],
)
def test_the_loss_must_end_below_where_it_began(losses: list[float], passed: bool) -> None:
    found = gates.loss_decreased(losses)
    assert found.passed == passed
    assert passed or "training_curves.png" in found.note


def test_a_clear_gain_is_better_and_a_clear_loss_is_not() -> None:
    rng = np.random.default_rng(0)
    theirs = rng.random(200)
    ours = theirs + rng.normal(0.1, 0.2, 200)
    gained = gates.better(ours, theirs, "popularity", gates.BETTER_THAN_POPULARITY)
    assert gained.passed
    assert gained.value == pytest.approx((ours - theirs).mean())
    assert gained.limit == pytest.approx(1.645 * 0.2 / math.sqrt(200), rel=0.2)  # the one-sided 95 % margin
    lost = gates.better(theirs, ours, "popularity", gates.BETTER_THAN_POPULARITY)
    assert not lost.passed
    assert "popularity" in lost.note


def test_a_draw_is_not_better_but_is_not_worse() -> None:
    same = np.linspace(0, 1, 100)
    assert not gates.better(same, same, "content-kNN", gates.BETTER_THAN_CONTENT).passed
    assert gates.not_worse(same, same, "the live model", gates.WORSE_THAN_LIVE).passed


@pytest.mark.parametrize(("certainty", "lowest", "highest"), [(0.95, 0.01, 0.12), (0.80, 0.12, 0.29)])
def test_a_model_that_is_no_better_passes_as_seldom_as_the_certainty_says(
    certainty: float, lowest: float, highest: float
) -> None:
    rng = np.random.default_rng(3)
    passed = [gates.better(rng.random(60), rng.random(60), "a rival", certainty).passed for _ in range(200)]
    assert lowest <= np.mean(passed) <= highest  # 1 − certainty, four standard errors of 200 trials either way


def test_a_loss_within_the_noise_keeps_no_new_model_out_but_a_certain_one_does() -> None:
    rng = np.random.default_rng(0)
    live = rng.random(400)
    assert gates.not_worse(live + rng.normal(-0.001, 0.2, 400), live, "the live model", 0.95).passed
    worse = gates.not_worse(live + rng.normal(-0.05, 0.2, 400), live, "the live model", 0.95)
    assert not worse.passed
    assert "drift" in worse.note


@pytest.mark.parametrize(("gain", "better", "not_worse"), [(0.2, True, True), (0.0, False, True), (-0.2, False, False)])
def test_with_few_investors_the_plain_mean_decides_and_the_gate_says_so(
    gain: float, better: bool, not_worse: bool
) -> None:
    theirs = np.full(FEW_USERS - 1, 0.5)
    ours = theirs + gain
    first, second = gates.better(ours, theirs, "x", 0.95), gates.not_worse(ours, theirs, "x", 0.95)
    assert (first.passed, second.passed) == (better, not_worse)
    assert first.note.startswith("undecided")


@pytest.mark.parametrize("theirs", [np.array([]), np.array([0.1, NAN])])
def test_a_comparison_that_cannot_be_made_fails(theirs: np.ndarray) -> None:
    found = gates.better(np.full(len(theirs), 0.5), theirs, "popularity", 0.95)
    assert (found.value, found.passed) == (None, False)
    json.dumps(found.to_json(), allow_nan=False)


def test_the_same_figures_give_the_same_verdict_every_time() -> None:
    rng = np.random.default_rng(5)
    ours, theirs = rng.random(80), rng.random(80)
    assert gates.better(ours, theirs, "x", 0.8) == gates.better(ours, theirs, "x", 0.8)


def test_the_verdict_names_every_failed_gate_and_no_other() -> None:
    table = {"f1": gates.f1(0.9), "accuracy": gates.accuracy(0.5), "ece": gates.calibration(None)}
    assert [reason.split(":")[0] for reason in verdict(table)] == ["accuracy", "ece"]
    assert verdict({"f1": gates.f1(0.9)}) == []


def test_effective_rank_counts_the_directions_that_are_used() -> None:
    rng = np.random.default_rng(0)
    full = rng.normal(size=(5000, 16))
    assert effective_rank(full) == pytest.approx(16, abs=0.1)
    line = np.outer(rng.normal(size=500), np.ones(16))
    assert effective_rank(line) == pytest.approx(1, abs=0.01)
    assert collapsed_directions(line) == 15
    assert collapsed_directions(full) == 0
    assert effective_rank(np.ones((50, 16))) == 0
    assert effective_rank(np.ones((0, 16))) == 0


def test_look_alikes_of_meaningful_vectors_look_alike_and_of_random_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 8))
    vectors = features / np.linalg.norm(features, axis=1, keepdims=True)
    noise = rng.normal(size=(400, 8))
    assert lookalike_sanity(vectors, features, seed=0) > 0.95
    assert lookalike_sanity(noise / np.linalg.norm(noise, axis=1, keepdims=True), features, seed=0) < 0.7
    assert math.isnan(lookalike_sanity(vectors[:2], features[:2], seed=0))
