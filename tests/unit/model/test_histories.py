"""What of an investor's past speaks for their taste of today."""

import numpy as np
import pytest

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.evidence import Evidence
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS
from portfolio_twin.model.encoder import pool_history
from portfolio_twin.model.histories import Histories

THRESHOLD = 0.3
RNG = np.random.default_rng(11)
EAST, NORTH = np.eye(8)[:2]


def history(*tastes: Matrix, weights: list[float] | None = None) -> tuple[Histories, Matrix]:
    """One investor who wanted properties near to these, in this order; and the vectors of the properties."""
    vectors = (np.array(tastes).reshape(-1, 8) + RNG.normal(0, 0.1, (len(tastes), 8))).astype(np.float32)
    k = len(tastes)
    each = np.array(weights or [1.0] * k, dtype=np.float32)
    return histories_of(np.zeros(k, dtype=np.int64), each), vectors


def histories_of(owners: Numbers, weights: Matrix) -> Histories:
    """Each entry with a property of its own, one a second."""
    k, count = len(owners), int(owners.max(initial=0)) + 1
    kinds, each = np.full(k, KIND_CODE["deal"], dtype=np.int8), np.arange(k)
    evidence = Evidence(users=owners, properties=each, kinds=kinds, weights=weights, times=each)
    return Histories.from_evidence(evidence, count)


def kept(*tastes: Matrix, weights: list[float] | None = None) -> list[int]:
    past, vectors = history(*tastes, weights=weights)
    return list(past.since_change(vectors, THRESHOLD).properties)


def test_after_a_change_of_taste_only_the_new_one_counts() -> None:
    assert kept(*[EAST] * 6, *[NORTH] * 4) == [6, 7, 8, 9]


def test_of_several_changes_the_latest_counts_though_an_earlier_one_shows_more() -> None:
    assert kept(*[EAST] * 6, *[NORTH] * 6, *[EAST] * 4) == [12, 13, 14, 15]
    assert kept(*[EAST] * 8, *[-EAST] * 8, *[NORTH] * 3) == [16, 17, 18]


def test_two_tastes_at_once_are_no_change() -> None:
    assert kept(*[EAST, NORTH] * 5) == list(range(10))


def test_one_taste_is_kept_whole_and_so_is_what_is_too_short_to_tell() -> None:
    assert kept(*[EAST] * 12) == list(range(12))
    assert kept(EAST, EAST, NORTH) == [0, 1, 2]
    assert kept() == []


def test_a_single_stray_property_is_no_change() -> None:
    assert kept(*[EAST] * 8, NORTH) == list(range(9))


def test_a_single_stray_property_does_not_make_a_change_with_the_last_of_the_old_taste() -> None:
    loose = 0.6 * EAST + 0.8 * np.eye(8)[2]
    assert kept(*[EAST] * 5, loose, -EAST) == list(range(7))
    assert kept(-EAST, loose, *[EAST] * 5) == list(range(7))
    assert kept(*[EAST] * 5, loose, -EAST, -EAST) == [6, 7]


def test_what_was_disliked_is_no_new_taste() -> None:
    assert kept(*[EAST] * 6, *[NORTH] * 4, weights=[1.0] * 6 + [KIND_WEIGHTS["dislike"]] * 4) == list(range(10))


@pytest.mark.parametrize("stray", [NORTH, -EAST])
def test_a_dislike_beside_a_single_stray_property_makes_no_change_of_it(stray: Matrix) -> None:
    dislike = KIND_WEIGHTS["dislike"]
    assert kept(*[EAST] * 6, stray, EAST, weights=[1.0] * 7 + [dislike]) == list(range(8))
    assert kept(*[EAST] * 6, EAST, stray, weights=[1.0] * 6 + [dislike, 1.0]) == list(range(8))
    assert kept(EAST, stray, *[EAST] * 6, weights=[dislike] + [1.0] * 7) == list(range(8))


def test_many_at_once_are_the_same_as_each_alone() -> None:
    parts = [history(*RNG.choice([EAST, NORTH, -EAST], k)) for k in RNG.integers(0, 20, 200)]
    rows = np.concatenate([np.full(len(past.owners), i) for i, (past, _) in enumerate(parts)])
    starts = np.cumsum([0, *(len(vectors) for _, vectors in parts)])
    vectors = np.concatenate([vectors for _, vectors in parts])
    together = histories_of(rows, np.ones(len(rows), np.float32)).since_change(vectors, THRESHOLD)
    changed = 0
    for i, (past, vectors) in enumerate(parts):
        alone = past.since_change(vectors, THRESHOLD).properties
        assert (together.properties[together.owners == i] - starts[i]).tolist() == alone.tolist()
        changed += len(alone) < len(past.owners)
    assert 0 < changed < len(parts)


def test_only_what_speaks_for_something_is_evidence() -> None:
    past, _ = history(EAST, NORTH, EAST, weights=[1.0, -0.5, 0.25])
    assert past.evidence.tolist() == [1.25]


def test_less_than_a_deal_leaves_the_investor_nearer_to_the_market() -> None:
    market, one = np.eye(8, dtype=np.float32)[2], EAST[None].astype(np.float32)
    viewed, dealt, twice = (
        pool_history(np.repeat(one, len(w), axis=0), np.array(w, np.float32), market)
        for w in ([KIND_WEIGHTS["view"]], [1.0], [1.0, 1.0])
    )
    assert viewed @ market > dealt @ market
    assert dealt == pytest.approx(twice)
