import json
import math

import numpy as np
import pytest

from portfolio_twin.evaluation.bootstrap import chance_ece
from portfolio_twin.evaluation.embedding_health import (
    collapsed_directions,
    effective_rank,
    lookalike_sanity,
    taste_figures,
)
from portfolio_twin.evaluation.gating import gates
from portfolio_twin.evaluation.gating.gates import Gate, verdict

NAN = float("nan")
JUST_BELOW = 1e-9


@pytest.mark.case(27)
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


@pytest.mark.case(27)
@pytest.mark.parametrize("value", [None, NAN, math.inf, -math.inf])
@pytest.mark.parametrize("gate", [gates.f1, gates.accuracy, gates.calibration])
def test_a_missing_or_non_finite_figure_fails_and_is_told_as_null(gate, value) -> None:  # type: ignore[no-untyped-def]  # parametrised
    judged = gate(value)
    assert (judged.value, judged.passed) == (None, False)
    assert judged.note.startswith("not measured")
    json.dumps(judged.to_json(), allow_nan=False)


def test_on_few_pairs_the_calibration_limit_is_what_chance_makes_and_the_gate_says_so() -> None:
    few, many = np.full(40, 0.5), np.full(20_000, 0.5)
    assert chance_ece(few) > gates.ECE_LIMIT > chance_ece(many)
    judged = gates.calibration(gates.ECE_LIMIT + 0.01, chance_ece(few))
    assert judged.passed
    assert judged.note.startswith("undecided")
    assert not gates.calibration(0.4, chance_ece(few)).passed
    assert chance_ece(np.array([])) == 0


def test_anything_not_finite_fails_by_name() -> None:
    assert gates.finite([]) == Gate(0.0, 0.0, True, "")
    assert "tower.0.weight" in gates.finite(["tower.0.weight"]).note
    assert not gates.finite(["affinities"]).passed


@pytest.mark.parametrize(
    ("losses", "passed"),
    [
        ([2.0, 1.5, 1.0], True), ([2.0, 3.0, 1.999], True), ([2.0, 1.0, 2.0], False), ([2.0, 2.5], False),
        ([2.0], False), ([], False), ([2.0, NAN], False), ([math.inf, 1.0], False),
    ],
)  # fmt: skip
def test_the_loss_must_end_below_where_it_began(losses: list[float], passed: bool) -> None:
    judged = gates.loss_decreased([losses])
    assert judged.passed == passed
    assert passed or "training_curves.png" in judged.note


def test_the_loss_of_every_learning_counts() -> None:
    assert gates.loss_decreased([[2.0, 1.0], [3.0, 1.0]]).value == 0.5
    assert not gates.loss_decreased([[2.0, 1.0], [1.0, 2.0]]).passed
    assert not gates.loss_decreased([]).passed


@pytest.mark.parametrize(
    ("overlap", "moved", "passed"), [(0.5, 0.05, True), (0.1, 0.05, False), (0.5, 0.3, False), (NAN, NAN, True)]
)
def test_what_goes_live_must_answer_like_what_was_tested(overlap: float, moved: float, passed: bool) -> None:
    assert gates.live_like_tested(overlap, moved).passed == passed


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


def test_the_figures_of_the_tastes_are_those_of_the_investors_with_evidence() -> None:
    vectors = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.6, 0.8]], dtype=np.float32)
    market, evidence = np.array([0.3, 0.4], dtype=np.float32), np.array([1.0, 0.3, 2.0, 0.0], dtype=np.float32)
    figures = taste_figures(vectors, evidence, market)
    assert figures["without_evidence"] == 1
    assert figures["effective_rank"] == effective_rank(vectors[:3])
    assert figures["cosine_to_market_taste"] == pytest.approx((0.6 + 0.8 - 0.6) / 3)
    assert figures["pairwise_cosine"] == pytest.approx((0 - 1 + 0) / 3)
    nobody = taste_figures(vectors, 0 * evidence, market)
    assert (nobody["without_evidence"], nobody["effective_rank"]) == (4, 0)
    assert math.isnan(nobody["cosine_to_market_taste"])
    assert math.isnan(nobody["pairwise_cosine"])


def test_look_alikes_of_meaningful_vectors_look_alike_and_of_random_ones_do_not() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(400, 8))
    vectors = features / np.linalg.norm(features, axis=1, keepdims=True)
    noise = rng.normal(size=(400, 8))
    assert lookalike_sanity(vectors, features, seed=0) > 0.95
    assert lookalike_sanity(noise / np.linalg.norm(noise, axis=1, keepdims=True), features, seed=0) < 0.7
    assert math.isnan(lookalike_sanity(vectors[:2], features[:2], seed=0))


def test_the_rank_gate_tells_its_figures_also_when_it_passes() -> None:
    passed = gates.embedding_rank(9.25, 500, 16, 1)
    assert passed == Gate(9.25, gates.RANK_LIMIT, True, "effective rank 9.2 of 16 dimensions, 1 collapsed")
    failed = gates.embedding_rank(1.2, 500, 16, 14)
    assert not failed.passed
    assert failed.note.startswith("effective rank 1.2 of 16 dimensions, 14 collapsed; ")
    assert "look at whether the inputs vary" in failed.note
