from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import HISTORY_LIMIT, KIND_WEIGHTS, KINDS, InteractionLog
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.services.answers.know_investor import evidence_weight
from portfolio_twin.services.user_points import user_points
from tests.fakes import logs
from tests.fakes.twins import small_twin

TWIN = small_twin()
INDEXED: dict[str, Matrix] = dict(zip(TWIN.property_ids, TWIN.property_vectors, strict=True))


def vectors_of(ids: Sequence[str]) -> Mapping[str, Matrix]:
    return {property_id: INDEXED[property_id] for property_id in ids if property_id in INDEXED}


def log_of(*events: tuple[int, str, str]) -> InteractionLog:
    """(user, property, kind), one a second."""
    return logs.log_of(*((*event, second) for second, event in enumerate(events)))


def points(*events: tuple[int, str, str]) -> dict[int, UserPoint]:
    return {point.user_id: point for point in user_points(TWIN, log_of(*events), vectors_of)}


def expected(*history: tuple[str, str]) -> Matrix:
    vectors = np.array([INDEXED[property_id] for property_id, _ in history]).reshape(-1, 16)
    return TWIN.user_vector(vectors, np.array([KIND_WEIGHTS[kind] for _, kind in history]))


def test_the_vector_pools_the_telling_kind_of_each_property() -> None:
    point = points((1, "p1", "view"), (1, "p1", "deal"), (1, "p2", "dislike"), (1, "p3", "view"))[1]
    assert point.vector == pytest.approx(expected(("p1", "deal"), ("p2", "dislike"), ("p3", "view")), abs=1e-6)


def test_the_history_is_newest_first_and_evidence_counts_each_property_of_it_once() -> None:
    point = points((1, "p1", "view"), (1, "p2", "like"), (1, "p1", "outreach"))[1]
    assert point.history == (("p1", "outreach", 2), ("p2", "like", 1))
    assert point.evidence == {"like": 1, "outreach": 1}


def test_the_evidence_of_an_audience_is_that_of_a_prediction() -> None:
    events = [(1, f"p{i % 60}", kind) for i in range(60 + 5) for kind in ("view", "like", "view")]
    point = points(*events, (1, "gone", "deal"))[1]
    assert evidence_weight(point.evidence) == evidence_weight(Counter(kind for _, kind, _ in point.history))
    assert evidence_weight(point.evidence) == HISTORY_LIMIT


def test_what_was_only_viewed_may_be_recommended_again() -> None:
    point = points((1, "p1", "view"), (1, "p2", "outreach"), (1, "p3", "dislike"), (1, "p4", "deal"))[1]
    assert set(point.acted_on) == {"p2", "p3", "p4"}


def test_a_property_that_has_gone_counts_in_nothing_but_stays_acted_on() -> None:
    point = points((1, "p1", "like"), (1, "gone", "deal"))[1]
    assert point.history == (("p1", "like", 0),)
    assert point.vector == pytest.approx(expected(("p1", "like")), abs=1e-6)
    assert "gone" in point.acted_on


def test_an_investor_all_of_whose_properties_have_gone_has_the_taste_of_the_market() -> None:
    assert points((1, "gone", "deal"))[1].vector == pytest.approx(expected(), abs=1e-6)


def test_only_the_newest_properties_are_pooled() -> None:
    events = [(1, f"p{i % 60}", "like") for i in range(60 + 5)]
    point = points(*events)[1]
    newest = [f"p{i % 60}" for i in range(64, 64 - HISTORY_LIMIT, -1)]
    assert [property_id for property_id, _, _ in point.history] == newest
    assert point.vector == pytest.approx(expected(*((property_id, "like") for property_id in newest)), abs=1e-6)
    assert len(point.acted_on) == 60


def test_after_a_change_of_taste_the_old_one_is_forgotten_but_not_what_was_acted_on() -> None:
    twin = replace(TWIN, config=TwinConfig(), property_vectors=np.zeros((60, 16), np.float32))
    east, north = np.eye(16, dtype=np.float32)[:2]
    vectors = {f"p{i}": east if i < 5 else north for i in range(9)}
    (point,) = user_points(twin, log_of(*((1, i, "like") for i in vectors)), lambda _: vectors)
    assert [i for i, _, _ in point.history] == ["p8", "p7", "p6", "p5"]
    assert point.vector == pytest.approx(twin.user_vector(np.stack([north]), np.ones(1, np.float32)), abs=1e-6)
    assert set(point.acted_on) == set(vectors)


def test_many_at_once_are_the_same_as_each_alone() -> None:
    rng = np.random.default_rng(3)
    draws = [(int(u), f"p{p}", KINDS[k]) for u, p, k in rng.integers((9, 5, 0), (40, 64, 5), (800, 3))]
    together = points(*draws)
    assert len(together) == len({user for user, _, _ in draws})
    for user, point in together.items():
        alone = user_points(TWIN, log_of(*draws).take(log_of(*draws).users == user), vectors_of)[0]
        assert alone.vector == pytest.approx(point.vector, abs=1e-6)
        assert (alone.evidence, alone.history) == (point.evidence, point.history)
        assert sorted(alone.acted_on) == sorted(point.acted_on)


def test_nothing_done_gives_no_points() -> None:
    assert points() == {}
