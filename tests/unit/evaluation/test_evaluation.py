from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST
from portfolio_twin.evaluation.baselines import content_knn, popularity
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.scoring import Scorer, rank_targets
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.twin import Twin
from tests.fakes.logs import Row, holdout_of, log_of
from tests.fakes.twins import twin_of

# Six properties in two price classes: cheap 0, 1, 2 and dear 3, 4, 5.
PRICES = [100.0, 110.0, 120.0, 900.0, 910.0, 920.0]
IDS = np.array([f"p{i}" for i in range(6)], dtype=object)
CATALOGUE = Catalogue.from_rows(list(IDS), [{"listing_price": price} for price in PRICES])
CHEAP, DEAR = [1.0, 0.0], [0.0, 1.0]


def dataset_of(*events: Row) -> Dataset:
    return Dataset(CATALOGUE, log_of(*events))


def price_twin() -> Twin:
    """A tower that knows nothing but cheap from dear."""
    weight = np.array([[-1.0, 1.0]], dtype=np.float32)
    return twin_of(CATALOGUE, PropertyEncoder([(weight, np.zeros(2, dtype=np.float32))]))


DATASET = dataset_of(
    (1, 0, "deal", 1), (1, 1, "deal", 2), (2, 3, "deal", 3), (2, 0, "dislike", 4), (1, 2, "deal", 9), (2, 4, "like", 9)
)
HELD_OUT = holdout_of((1, 2, 9, 1), (1, 5, 9, 0), (2, 4, 9, 1), (2, 1, 9, 0))
QUERIES = Queries.of(DATASET, HELD_OUT, TEST)


def by_row(chunk: slice) -> Floats:
    """The lower the row the better, for either investor."""
    return -np.arange(6.0)[None].repeat(2, axis=0)[chunk]


def test_the_rank_counts_only_what_the_investor_does_not_know_yet() -> None:
    # Investor 1 knows 0 and 1: target 2 is first. Investor 2 knows 0 and 3: 1 and 2 come before target 4.
    assert rank_targets(by_row, QUERIES, 6).tolist() == [0, 2]


def test_ties_get_the_middle_rank_and_nan_never_wins() -> None:
    level = rank_targets(lambda chunk: np.zeros((2, 6))[chunk], QUERIES, 6)
    assert level.tolist() == [(3 + 1) // 2, (3 + 1) // 2]  # four candidates each, the target among them
    nothing = rank_targets(lambda chunk: np.full((2, 6), np.nan)[chunk], QUERIES, 6)
    assert (nothing > 0).all()


def test_ranking_in_chunks_gives_the_same_ranks(monkeypatch: pytest.MonkeyPatch) -> None:
    scores = np.random.default_rng(0).random((2, 6))
    whole = rank_targets(lambda chunk: scores[chunk], QUERIES, 6).tolist()
    monkeypatch.setattr("portfolio_twin.evaluation.scoring.SCORES_AT_ONCE", 6)
    assert rank_targets(lambda chunk: scores[chunk], QUERIES, 6).tolist() == whole


def test_a_history_ends_before_the_target_and_leaves_it_out() -> None:
    dataset = dataset_of((1, 0, "deal", 1), (1, 2, "view", 2), (1, 3, "deal", 9), (1, 4, "deal", 10))
    histories = Histories.of(dataset, np.array([1]), before=np.array([9]), without=np.array([2]))
    assert histories.properties.tolist() == [0]


def test_a_short_history_keeps_the_most_recent() -> None:
    dataset = dataset_of((1, 0, "deal", 1), (1, 2, "deal", 2), (7, 3, "deal", 3))
    histories = Histories.of(dataset, np.array([1, 7]))
    assert histories.recent(1).properties.tolist() == [2, 3]
    assert histories.recent(0).lengths.tolist() == [0, 0]


def test_pooling_many_investors_equals_the_user_tower_one_by_one() -> None:
    twin = replace(price_twin(), market_taste=np.array([0.1, -0.2], dtype=np.float32))
    vectors = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
    histories = Histories.of(DATASET, np.array([1, 2, 3]))
    pooled = histories.pool(vectors, twin.market_taste)
    for row in range(3):
        mine = histories.owners == row
        alone = twin.user_vector(vectors[histories.properties[mine]], histories.weights[mine])
        np.testing.assert_allclose(pooled[row], alone, atol=1e-6)


def test_a_dislike_pushes_the_investor_away() -> None:
    """Two who viewed a cheap and a dear property, on a market that likes dear ones; the second disliked one of them."""
    twin = price_twin()
    both = [(user, number, "view", number) for user in (1, 2) for number in (0, 3)]
    histories = Histories.of(dataset_of(*both, (2, 4, "dislike", 5)), np.array([1, 2]))
    cosines = histories.pool(twin.property_vectors, twin.property_vectors[3] / 10) @ twin.property_vectors.T
    assert cosines[0, :3].max() < cosines[0, 3:].min()
    assert cosines[1, :3].min() > cosines[1, 3:].max()


def test_the_twin_that_knows_what_matters_beats_its_rivals() -> None:
    evaluation = evaluate(price_twin(), DATASET, HELD_OUT)
    # Investor 1: 2 is the only cheap one left. Investor 2: 4 and 5 are as dear as each other, then 2 and 1.
    assert evaluation.ranks["twin"].tolist() in ([0, 0], [0, 1])
    assert evaluation.candidates == 6
    assert evaluation.classification()["accuracy"] == 1.0
    assert evaluation.ranking("twin")["hr_at_5"] == 1.0
    assert set(evaluation.ranks) == {"twin", "tower", "popularity", "content_knn"}


def test_content_knn_ranks_by_the_nearest_liked_property_and_ignores_disliked_ones() -> None:
    X = (np.array(PRICES)[:, None] / 100).astype(np.float32)
    scores = content_knn(X, QUERIES.histories)(slice(0, 2))
    assert np.argsort(-scores[0], kind="stable").tolist()[2:] == [2, 3, 4, 5]  # after its own 0 and 1
    assert scores[1].argmax() == 3
    assert scores[1, 0] == scores[1].min()


def test_popularity_gives_everybody_the_same_list() -> None:
    scores = popularity(np.array([2, 2, 4]), 6)(slice(3, 5))
    assert scores.tolist() == [[0, 0, 2, 0, 1, 0]] * 2


def test_another_model_is_ranked_beside_the_twin_by_its_own_scores() -> None:
    evaluation = evaluate(price_twin(), DATASET, HELD_OUT, others={"other": lambda _: by_row})
    assert evaluation.ranks["other"].tolist() == [0, 2]


def test_a_tenant_without_test_investors_gets_figures_that_say_unknown() -> None:
    summary = evaluate(price_twin(), DATASET, HELD_OUT.take(np.zeros(4, dtype=bool))).summary()
    assert summary["test_users"] == 0
    assert summary["ranking"]["twin"]["ndcg_at_10"] is None
    assert summary["classification"]["auc"] is None
    assert summary["reliability"] == []


def test_an_investor_asked_as_if_new_is_known_by_the_last_properties_alone_and_owns_the_others_still() -> None:
    given = QUERIES.shortened(1)
    assert given.histories.properties.tolist() == [1, 0]  # of investor 2 the dislike came last
    seen: list[int] = []

    def answer(asked: Queries) -> Scorer:
        seen.append(len(asked.histories.owners))
        return by_row

    assert rank_targets(answer(given), QUERIES, 6).tolist() == [0, 2]  # as with the whole history
    assert seen == [2]


def test_some_of_the_questions_are_the_same_questions() -> None:
    second = QUERIES.take(np.array([False, True]))
    assert (second.users.tolist(), second.targets.tolist(), second.histories.count) == ([2], [4], 1)
    assert second.histories.properties.tolist() == [3, 0]
    assert (second.pair_owners.tolist(), second.pair_properties.tolist()) == ([0, 0], [4, 1])
    assert rank_targets(by_row, second, 6).tolist() == [2]


def test_among_some_candidates_only_those_and_the_target_are_ranked() -> None:
    few = np.array([True, True, False, False, False, True])
    # Investor 1 knows 0 and 1. Of the candidates, investor 2 has yet to see 1 and 5: 1 comes before target 4.
    assert rank_targets(by_row, QUERIES, 6, lambda _: few).tolist() == [0, 1]


def test_slices_divide_the_investors_and_a_property_nobody_knew_is_also_ranked_among_such_alone() -> None:
    evaluation = evaluate(price_twin(), DATASET, HELD_OUT)
    assert {name: part.users.tolist() for name, part in evaluation.slices["history"].items()} == {
        "0": [], "1": [], "2": [1, 2], "3-5": [], "6+": [],
    }  # fmt: skip
    among, full = evaluation.slices["new_properties"].values()
    assert among.users.tolist() == full.users.tolist() == [1, 2]
    assert among.candidates == 3  # 2, 4 and 5; all that was done with the others came before the targets
    assert among.ranks["twin"][0] == 0
    assert evaluation.slices["as_new"].keys() == {"0", "1", "2"}
    like, unlike = evaluation.slices["likeness"]["like"], evaluation.slices["likeness"]["unlike"]
    assert sorted([*like.users, *unlike.users]) == [1, 2]


def test_few_investors_get_no_interval_and_enough_get_one_around_the_mean() -> None:
    evaluation = evaluate(price_twin(), DATASET, HELD_OUT)
    assert set(evaluation.intervals().values()) == {None}
    assert evaluation.summary()["slices"]["history"]["2"] == {
        "users": 2, "hr_at_10": None, "ndcg_at_10": None, "ece": None, "ece_by_chance": None,
        "others_ndcg_at_10": {},
    }  # fmt: skip
    rng = np.random.default_rng(0)
    ranks, labels = rng.integers(0, 20, 400), np.tile(np.array([1, 0], dtype=np.int8), 400)
    rows, affinities = np.repeat(np.arange(400), 2), np.where(labels, 0.7, 0.4)
    many = Evaluation(
        users=np.arange(400), candidates=50, ranks={"twin": ranks}, pair_owners=rows, labels=labels,
        affinities=affinities, confidences=affinities, in_use=labels > 0,
    )  # fmt: skip
    hit, error = many.intervals()["hr_at_10"], many.intervals()["ece"]
    assert hit is not None
    assert hit.high - hit.low == pytest.approx(2 * 1.96 * 0.5 / np.sqrt(400), rel=0.1)
    assert hit.low < hit.value < hit.high
    assert error is not None
    assert error.value == pytest.approx((0.3 + 0.4) / 2)  # 0.7 always came true, 0.4 never did
    never, always = many.summary()["reliability"]
    assert never == pytest.approx({"claimed": 0.4, "happened": 0.0, "share": 0.5})
    assert always == pytest.approx({"claimed": 0.7, "happened": 1.0, "share": 0.5})


def test_taking_some_investors_keeps_their_own_pairs() -> None:
    evaluation = evaluate(price_twin(), DATASET, HELD_OUT)
    second = evaluation.take(np.array([False, True]))
    assert (second.users.tolist(), second.labels.tolist(), second.pair_owners.tolist()) == ([2], [1, 0], [0, 0])
    assert second.affinities.tolist() == evaluation.affinities[evaluation.pair_owners == 1].tolist()
    assert second.ranks["popularity"].tolist() == evaluation.ranks["popularity"][1:].tolist()


def test_a_target_that_left_the_catalogue_is_not_asked_for() -> None:
    queries = Queries.of(Dataset(CATALOGUE.take(np.arange(4)), DATASET.log), HELD_OUT, TEST)
    assert queries.users.tolist() == [1]
    assert (queries.pair_owners == 0).all()
