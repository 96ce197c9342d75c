from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.adapters.qdrant.points import PropertyHit, UserPoint
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import HISTORY_LIMIT, KIND_WEIGHTS, KINDS, Event, InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.ranking import Past
from portfolio_twin.services.answers.know_investor import evidence_weight
from portfolio_twin.services.user_points import user_points
from tests.fakes import logs
from tests.fakes.twins import plain_layer, small_catalogue, small_twin, twin_of

TWIN = small_twin()
CATALOGUE = small_catalogue()
INDEXED: dict[str, Matrix] = dict(zip(TWIN.property_ids, TWIN.property_vectors, strict=True))


def stored(ids: Sequence[str]) -> Mapping[str, PropertyHit]:
    rows = {name: TWIN.property_rows[name] for name in ids if name in INDEXED}
    return {name: PropertyHit(name, 0.0, CATALOGUE.row(row)) for name, row in rows.items()}


def log_of(*events: tuple[int, str, str]) -> InteractionLog:
    """(user, property, kind), one a second."""
    return logs.log_of(*((*event, second) for second, event in enumerate(events)))


def points(*events: tuple[int, str, str]) -> dict[int, UserPoint]:
    return {point.user_id: point for point in user_points(TWIN, log_of(*events), stored)}


def expected(*history: tuple[str, str]) -> Matrix:
    vectors = np.array([INDEXED[property_id] for property_id, _ in history]).reshape(-1, 16)
    return TWIN.user_vector(vectors, np.array([KIND_WEIGHTS[kind] for _, kind in history]))


def test_the_vector_pools_the_telling_kind_of_each_property() -> None:
    point = points((1, "p1", "view"), (1, "p1", "deal"), (1, "p2", "dislike"), (1, "p3", "view"))[1]
    assert point.vector == pytest.approx(expected(("p1", "deal"), ("p2", "dislike"), ("p3", "view")), abs=1e-6)


def test_the_history_is_newest_first_and_evidence_counts_each_property_of_it_once() -> None:
    point = points((1, "p1", "view"), (1, "p2", "like"), (1, "p1", "outreach"))[1]
    assert point.history == (Event("p1", "outreach", 2), Event("p2", "like", 1))
    assert point.evidence == {"like": 1, "outreach": 1}


def test_the_evidence_of_an_audience_is_that_of_a_prediction() -> None:
    events = [(1, f"p{i % 60}", kind) for i in range(60 + 5) for kind in ("view", "like", "view")]
    point = points(*events, (1, "gone", "deal"))[1]
    assert evidence_weight(point.evidence) == evidence_weight(Counter(event.kind for event in point.history))
    assert evidence_weight(point.evidence) == HISTORY_LIMIT


def test_what_was_only_viewed_may_be_recommended_again() -> None:
    point = points((1, "p1", "view"), (1, "p2", "outreach"), (1, "p3", "dislike"), (1, "p4", "deal"))[1]
    assert set(point.acted_on) == {"p2", "p3", "p4"}


def test_a_property_that_has_gone_counts_in_nothing_but_stays_acted_on() -> None:
    point = points((1, "p1", "like"), (1, "gone", "deal"))[1]
    assert point.history == (Event("p1", "like", 0),)
    assert point.vector == pytest.approx(expected(("p1", "like")), abs=1e-6)
    assert "gone" in point.acted_on


def test_an_investor_all_of_whose_properties_have_gone_has_the_taste_of_the_market() -> None:
    assert points((1, "gone", "deal"))[1].vector == pytest.approx(expected(), abs=1e-6)


def test_only_the_newest_properties_are_pooled() -> None:
    events = [(1, f"p{i % 60}", "like") for i in range(60 + 5)]
    point = points(*events)[1]
    newest = [f"p{i % 60}" for i in range(64, 64 - HISTORY_LIMIT, -1)]
    assert [event.property_id for event in point.history] == newest
    assert point.vector == pytest.approx(expected(*((property_id, "like") for property_id in newest)), abs=1e-6)
    assert len(point.acted_on) == 60


def test_after_a_change_of_taste_the_old_one_is_forgotten_but_not_what_was_acted_on() -> None:
    catalogue = Catalogue.from_rows([f"p{i}" for i in range(9)], [{"bedrooms": 1.0 + 3 * (i > 4)} for i in range(9)])
    weight = np.zeros((1, 16), np.float32)
    weight[0, :2] = 1.0, -1.0
    bias = np.zeros(16, np.float32)
    bias[2] = 0.1
    twin = twin_of(catalogue, PropertyEncoder([(weight, bias)]), config=TwinConfig(hidden=()))
    hits = {str(name): PropertyHit(name, 0.0, catalogue.row(i)) for i, name in enumerate(catalogue.ids)}
    (point,) = user_points(twin, log_of(*((1, name, "like") for name in hits)), lambda _: hits)
    assert [event.property_id for event in point.history] == ["p8", "p7", "p6", "p5"]
    assert point.vector == pytest.approx(twin.embed(catalogue)[8], abs=1e-6)
    assert set(point.acted_on) == set(hits)


def test_a_point_holds_what_the_scores_of_its_investor_are_measured_against() -> None:
    twin = replace(TWIN, ranking=plain_layer(60, TWIN.schema.width))
    (point,) = user_points(twin, log_of((1, "p1", "like"), (1, "p2", "deal"), (1, "p3", "view")), stored)
    acted_on = np.array([1, 2])
    assert point.log_mean == pytest.approx(twin.taste(point.vector, left_out=acted_on).log_mean)
    X = twin.schema.vectorise(CATALOGUE)
    past = Past(X[1:4], np.array([1.0, 1.0, 0.3], np.float32), np.arange(1, 4), twin.learnt_until)
    expected = twin.normaliser(past, acted_on)
    assert expected is not None
    assert point.normaliser is not None
    assert point.normaliser.log_mean == pytest.approx(expected.log_mean, abs=1e-6)
    assert point.normaliser.terms == pytest.approx(expected.terms, abs=1e-6)


def test_many_at_once_are_the_same_as_each_alone() -> None:
    rng = np.random.default_rng(3)
    draws = [(int(u), f"p{p}", KINDS[k]) for u, p, k in rng.integers((9, 5, 0), (40, 64, 5), (800, 3))]
    together = points(*draws)
    assert len(together) == len({user for user, _, _ in draws})
    for user, point in together.items():
        alone = user_points(TWIN, log_of(*draws).take(log_of(*draws).users == user), stored)[0]
        assert alone.vector == pytest.approx(point.vector, abs=1e-6)
        assert (alone.evidence, alone.history) == (point.evidence, point.history)
        assert sorted(alone.acted_on) == sorted(point.acted_on)


def test_nothing_done_gives_no_points() -> None:
    assert points() == {}


def test_what_decided_it_stands_beside_the_kind_that_it_was_said_of() -> None:
    because = {(1, "p1", "dislike"): ["listing_price"], (1, "p2", "view"): ["lat"]}
    log = log_of((1, "p1", "like"), (1, "p1", "dislike"), (1, "p2", "view"), (1, "p2", "deal"))
    (point,) = user_points(TWIN, log, stored, because)
    assert [(event.property_id, event.because) for event in point.history] == [("p2", ()), ("p1", ("listing_price",))]
