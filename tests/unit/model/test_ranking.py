from dataclasses import replace

import numpy as np
import pytest

from functions.train.ranking.conditional_logit import fit_choice, log_likelihoods
from functions.train.ranking.fit import pays
from functions.train.ranking.past_choices import past_choices
from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import UNKNOWN, Catalogue
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.ranking import DISCOVER, ORDINARY, TERMS, UNKNOWN_INVESTOR, Past, RankingLayer
from tests.fakes.logs import log_of
from tests.fakes.twins import plain_layer

WIDE = np.full(3, 10.0)  # a prior that hardly counts
IDS = np.array([f"p{i}" for i in range(5)], dtype=object)


def market(log: InteractionLog) -> Dataset:
    """Times of the log count days."""
    return Dataset(Catalogue(IDS, {}), replace(log, times=log.times * DAY_SECONDS))


def counted(log: InteractionLog, day: int, user: int = 99, target: int = 4) -> list[list[float]]:
    """Interactions per property: ever, within the year, the quarter, the month."""
    asked = (np.array([day]) * DAY_SECONDS, np.array([user]), np.array([target]))
    return list(np.expm1(Activity.of(market(log)).before(*asked))[0].round(3).tolist())


def test_activity_is_counted_strictly_before_the_query_and_in_its_windows() -> None:
    log = log_of(
        (1, 0, "deal", 100), (2, 0, "view", 480), (3, 0, "deal", 490), (4, 0, "like", 500), (5, 1, "deal", 501)
    )
    assert counted(log, 500)[:2] == [[3, 2, 2, 2], [0, 0, 0, 0]]
    assert counted(log, 502)[:2] == [[4, 3, 3, 3], [1, 1, 1, 1]]


def test_what_the_investor_did_with_the_target_and_a_dislike_are_no_activity() -> None:
    log = log_of((1, 0, "view", 490), (2, 0, "view", 491), (3, 0, "dislike", 492))
    assert counted(log, 500, user=1, target=0)[0] == [1, 1, 1, 1]
    assert counted(log, 500, user=7, target=0)[0] == [2, 2, 2, 2]


def test_many_queries_at_once_count_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    log = log_of(*((int(u), int(p), "view", int(t)) for u, p, t in rng.integers(0, 5, (60, 3)) * (1, 1, 100)))
    times, users, targets = (np.array([3, 1, 4, 2]) * 100 * DAY_SECONDS, np.arange(4), np.array([0, 1, 2, 3]))
    activity = Activity.of(market(log))
    together = activity.before(times, users, targets)
    for i in range(4):
        alone = activity.before(times[[i]], users[[i]], targets[[i]])
        np.testing.assert_allclose(together[[i]], alone)
    candidates = (targets[:, None] + np.arange(3)) % 5
    of_candidates = activity.of_candidates(times, users, candidates)
    np.testing.assert_array_equal(of_candidates, together[np.arange(4)[:, None], candidates])
    assert 0 < np.count_nonzero(of_candidates) < of_candidates.size


def test_nobody_did_anything_before_the_first_and_all_of_it_was_done_long_after() -> None:
    activity = Activity.of(market(log_of((1, 0, "view", 490), (2, 4, "view", 491))))
    times, users = np.array([1, 490, 491, 9_000]) * DAY_SECONDS, np.full(4, 99)
    counts = np.expm1(activity.of_candidates(times, users, np.tile([0, 4], (4, 1))))[:, :, 0]
    assert counts.round().tolist() == [[0, 0], [0, 0], [1, 0], [1, 1]]


# Investors 1 and 2 share 0 and 1; investor 3 has 0 and 2; investor 4 has 3 alone.
OWNERS, OWNED = np.array([1, 1, 2, 2, 3, 3, 4]), np.array([0, 1, 0, 1, 0, 2, 3])


def test_properties_belong_together_as_far_as_the_same_investors_want_them() -> None:
    neighbours, counts = Neighbours.learn(OWNERS, OWNED, 4)
    bonds = neighbours.to(np.array([0]), np.ones(1, dtype=np.float32), np.arange(4))
    assert counts.tolist() == [3, 2, 1, 1]
    assert bonds.tolist() == pytest.approx([0, 2 / np.sqrt(3 * 2), 1 / np.sqrt(3 * 1), 0])


def test_what_nobody_has_with_another_takes_no_room() -> None:
    neighbours, _ = Neighbours.learn(OWNERS, OWNED, 1_000)
    assert len(neighbours.rows) == len(neighbours.strengths) == 4  # 0 with 1 and 2, each both ways


def test_a_history_adds_up_by_its_weights_and_an_unknown_property_adds_nothing() -> None:
    neighbours, _ = Neighbours.learn(OWNERS, OWNED, 4)
    bonds = neighbours.to(np.array([2, -1, 1]), np.array([1.0, 1.0, 0.3], dtype=np.float32), np.array([0, -1, 3]))
    assert bonds.tolist() == pytest.approx([1 / np.sqrt(3 * 1) + 0.3 * 2 / np.sqrt(3 * 2), 0, 0])


def test_an_investors_own_pair_is_what_they_alone_add_to_a_bond() -> None:
    neighbours, counts = Neighbours.learn(OWNERS, OWNED, 4)
    one = np.ones(1, dtype=np.float32)
    bond = neighbours.to(np.array([0]), one, np.array([2]))[0]
    assert bond - neighbours.own_share(np.array([0]), one, 2, counts) == pytest.approx(0)  # nobody else has both
    left = neighbours.to(np.array([0]), one, np.array([1]))[0] - neighbours.own_share(np.array([0]), one, 1, counts)
    assert left == pytest.approx(1 / np.sqrt(3 * 2))  # investor 2 remains when investor 1 is asked
    assert neighbours.own_share(np.array([0]), one, 3, counts) == 0


X = np.array([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0], [9.0, 9.0]], dtype=np.float32)


def layer(**rows: list[float]) -> RankingLayer:
    """Two features on their own scale; rows of weights by name."""
    plain = plain_layer(4, 2)
    weights = plain.weights * 0
    named = {"base": ORDINARY[0], "by_length": ORDINARY[1], "taste": DISCOVER[0], "unknown": UNKNOWN_INVESTOR}
    for name, row in named.items():
        weights[row] = rows.get(name, [0.0] * len(TERMS))
    return replace(plain, weights=weights)


def past(*entries: tuple[int, float]) -> Past:
    rows = np.array([row for row, _ in entries], dtype=np.int64)
    return Past(X[rows], np.array([weight for _, weight in entries], dtype=np.float32), rows, at=0)


def terms_of(history: Past) -> np.ndarray:
    cosines, activity = np.arange(4, dtype=np.float32), np.zeros((4, 4), dtype=np.float32)
    return layer().terms(cosines, X, np.arange(4), activity=activity, past=history)


def test_the_kernel_is_the_nearness_to_the_nearest_wanted_property() -> None:
    near = terms_of(past((0, 1.0), (2, 1.0), (3, 0.3), (3, -0.5)))[:, TERMS.index("near")]
    assert near[:3].tolist() == pytest.approx([1, np.exp(-np.sqrt(3**2 + 3**2)), 1])
    assert near[3] < 1e-4  # it was looked at and disliked, not wanted


def test_without_history_there_is_nothing_near() -> None:
    assert terms_of(past())[:, 1:].tolist() == [[0.0] * (len(TERMS) - 1)] * 4


def test_the_weights_change_with_the_length_of_the_history() -> None:
    one = [1.0] + [0.0] * (len(TERMS) - 1)
    ranking, terms = layer(base=one, by_length=one, unknown=[2 * w for w in one]), terms_of(past())
    assert ranking.score(terms, 2).tolist() == pytest.approx([0, 1, 2, 3])
    assert ranking.score(terms, 1).tolist() == pytest.approx([i * (1 + np.log(1 / 2)) for i in range(4)])
    assert ranking.score(terms, 0).tolist() == pytest.approx([0, 2, 4, 6])


def test_a_new_property_is_as_active_as_a_quieter_one_in_use() -> None:
    activity = np.log1p(np.array([[9, 9, 8, 4], [5, 5, 4, 2], [1, 1, 0, 0], [0, 0, 0, 0]], dtype=np.float32))
    ranking = replace(layer(), activity=activity)
    known_and_new = ranking.activity_of(np.array([0, -1]))
    assert known_and_new[0].tolist() == pytest.approx(activity[0].tolist())
    assert activity[1, 2] < known_and_new[1, 2] < activity[0, 2]


def test_the_logit_finds_the_term_that_decides() -> None:
    rng = np.random.default_rng(0)
    terms = rng.normal(size=(400, 20, 3)).astype(np.float32)
    utility = terms @ np.array([2.0, 0.0, -1.0]) + rng.gumbel(size=(400, 20))
    for row, chosen in enumerate(utility.argmax(axis=1)):
        terms[row, [0, chosen]] = terms[row, [chosen, 0]]
    assert fit_choice(terms, WIDE) == pytest.approx([2.0, 0.0, -1.0], abs=0.3)


def test_the_logit_does_not_run_away_where_a_term_tells_all() -> None:
    terms = np.zeros((50, 4, 2), dtype=np.float32)
    terms[:, 0, 0] = 100.0
    weights = fit_choice(terms, WIDE[:2])
    assert np.isfinite(weights).all()
    assert log_likelihoods(terms @ weights.astype(np.float32)).mean() > -0.1


def test_the_prior_counts_in_the_unit_of_its_term_and_less_the_more_choices_there_are() -> None:
    terms = np.zeros((400, 2, 1), dtype=np.float32)
    terms[:300, 0, 0] = terms[300:, 1, 0] = 0.5  # chosen three times out of four: log 3 for half a unit
    wanted = 2 * np.log(3)
    few, many = fit_choice(terms[::100], np.array([0.5]))[0], fit_choice(terms, np.array([0.5]))[0]
    assert 0 < few < many < wanted
    assert fit_choice((terms / 10).astype(np.float32), np.array([5.0]))[0] == pytest.approx(
        10 * many, rel=1e-3
    )  # in tenths of the unit


def test_what_somebody_dealt_with_in_the_last_quarter_is_in_use_and_so_is_a_new_property() -> None:
    activity = np.log1p(np.array([[9, 9, 8, 4], [5, 5, 0, 0], [3, 3, 2, 0], [7, 7, 0, 0]], dtype=np.float32))
    ranking = replace(layer(), activity=activity)
    rows = np.array([0, 1, 2, UNKNOWN])
    seen = ranking.activity_of(rows)
    features = np.zeros((4, len(ranking.scales)), dtype=np.float32)
    terms = ranking.terms(np.zeros(4, dtype=np.float32), features, rows, activity=seen, past=past())
    assert terms[:, TERMS.index("in_use")].tolist() == [1, 0, 1, 1]


def test_no_choice_has_its_own_target_in_its_history() -> None:
    log = log_of((1, 0, "deal", 1), (1, 1, "view", 2), (1, 2, "like", 3), (2, 3, "deal", 4))
    choices = past_choices(market(log).evidence, seed=0)
    assert choices.targets.tolist() == [0, 2]  # a view is no choice, and one dealing alone has no history
    assert choices.histories.properties.tolist() == [1, 2, 0, 1]


def test_what_was_dealt_with_in_the_same_second_is_no_history() -> None:
    log = log_of((1, 0, "deal", 1), (1, 1, "deal", 1), (1, 2, "deal", 2), (2, 3, "deal", 4), (2, 4, "deal", 4))
    choices = past_choices(market(log).evidence, seed=0)
    assert choices.targets.tolist() == [0, 1, 2]  # the second investor bought all at once
    assert choices.histories.properties.tolist() == [2, 2, 0, 1]


def test_a_layer_stays_only_where_its_gain_is_more_than_its_noise() -> None:
    assert pays(np.array([0.2, 0.1, 0.3, 0.2]))
    assert not pays(np.array([0.5, -0.5, 0.4, -0.4]))
    assert not pays(np.zeros(4))
