from dataclasses import replace

import numpy as np
import pytest

from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.gating.agreement import Agreement, agreement
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.deletion import deletion
from portfolio_twin.evaluation.studies.exposure import AGES_DAYS, NOBODY_YET, exposure
from portfolio_twin.evaluation.studies.importance import importance
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import TERMS
from portfolio_twin.model.scoring.offer import Offer
from portfolio_twin.model.twin import Twin
from tests.fakes.logs import log_of
from tests.fakes.twins import plain_layer, small_catalogue, small_twin

CATALOGUE = small_catalogue()
DAY = 86_400
EVENTS = [
    (user, f"p{user * 3 + k}", "like", (400 * (user == 1) + 10 * k) * DAY) for user in range(1, 6) for k in range(3)
]
DATASET = Dataset(CATALOGUE, log_of(*EVENTS).in_time_order())


def twin_by(**weights: float) -> Twin:
    """Its layer goes by these terms alone; every property is equally busy."""
    twin = small_twin(CATALOGUE)
    layer = plain_layer(60, twin.schema.width)
    row = np.array([weights.get(term, 0.0) for term in TERMS], dtype=np.float32)
    alike = np.full_like(layer.activity, np.log1p(2))
    return replace(twin, ranking=replace(layer, weights=np.stack([row, row * 0, row, row * 0, row]), activity=alike))


def questions(*users: int) -> Queries:
    asked = np.array(users)
    times = np.full(len(asked), 500 * DAY)
    return Queries.without_pairs(asked, np.full(len(asked), 50), times, Histories.of(DATASET, asked, before=times))


def test_what_the_score_does_not_read_is_of_no_importance_and_what_it_reads_alone_is_all() -> None:
    parts = importance(TwinAnswers(twin_by(near=3.0), DATASET))
    assert parts["nearest"] > 0
    assert next(iter(parts)) == "nearest"
    assert all(size == 0 for name, size in parts.items() if name != "nearest")


def test_the_shares_of_the_ages_are_of_everything_and_a_copy_stands_beside_its_original() -> None:
    found = exposure(TwinAnswers(twin_by(near=3.0), DATASET), questions(1, 2, 3))
    assert list(found["ages"]) == [*AGES_DAYS, NOBODY_YET]
    for column in ("catalogue", "first_ten"):
        assert sum(shares[column] for shares in found["ages"].values()) == pytest.approx(1)
    assert found["ages"][NOBODY_YET]["catalogue"] == pytest.approx(45 / 60)
    assert found["ages"]["over a year"]["catalogue"] == pytest.approx(12 / 60)
    assert found["copies_in_first_ten"] == 1


def test_a_copy_keeps_the_company_of_its_original_and_is_lost_where_nothing_is_in_use_to_be_like() -> None:
    twin = twin_by(together=9.0)
    assert twin.ranking
    rows = np.array([(row + k) % 60 for row in range(60) for k in range(1, 16)], dtype=np.int32)
    many = Neighbours(np.arange(61) * 15, rows, np.full(60 * 15, 0.5, dtype=np.float32))
    kept = replace(twin.ranking, neighbours=many)
    lost = replace(kept, activity=kept.activity * 0)
    for layer, share in ((kept, 1), (lost, 0)):
        answers = TwinAnswers(replace(twin, ranking=layer), DATASET)
        assert exposure(answers, questions(1))["copies_in_first_ten"] == share


def test_a_model_agrees_with_itself_and_not_with_one_that_goes_the_other_way() -> None:
    pairs = replace(
        questions(1, 2, 3), pair_owners=np.array([0, 1, 2]), pair_properties=np.array([40, 41, 42]),
        labels=np.ones(3, dtype=np.int8),
    )  # fmt: skip
    one, other = (TwinAnswers(twin_by(near=weight), DATASET) for weight in (300.0, -300.0))
    assert agreement(one, one, pairs) == Agreement(1.0, 0.0)
    apart = agreement(one, other, pairs)
    assert apart.overlap < 0.3
    assert apart.moved > 0.1


def test_in_use_is_what_somebody_else_dealt_with_in_the_months_before() -> None:
    activity = Activity.of(
        Dataset(CATALOGUE, log_of((1, 0, "view", 0), (1, 1, "view", 50 * DAY), (2, 2, "dislike", 1)))
    )
    asked = activity.in_use(np.array([0, 1, 1, 2]), np.full(4, 100 * DAY), np.array([9, 9, 1, 9]))
    assert asked.tolist() == [False, True, False, False]  # too long ago; of late; one's own; a dislike


def test_the_log_loss_is_the_mean_surprise() -> None:
    labels = np.array([1, 0], dtype=np.int8)
    assert metrics.log_loss(labels, np.array([0.5, 0.5])) == pytest.approx(np.log(2))
    assert metrics.log_loss(labels, np.array([0.9, 0.2])) == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2)


def test_of_a_large_catalogue_a_drawn_offer_stands_for_the_whole() -> None:
    X = np.random.default_rng(0).normal(size=(5_000, 3)).astype(np.float32)
    offer = Offer.draw(X, seed=1, limit=1_000)
    assert len(offer.rows) == 1_000
    assert (np.diff(offer.rows) > 0).all()
    assert (X[offer.rows] == offer.X).all()
    assert np.log(np.exp(offer.X[:, 0]).mean()) == pytest.approx(np.log(np.exp(X[:, 0]).mean()), abs=0.1)


def test_a_reason_taken_away_takes_its_part_of_the_score_and_the_strongest_first_takes_it_fastest() -> None:
    answers = TwinAnswers(twin_by(near=3.0, cosine=2.0), DATASET)
    found = deletion(answers)
    assert found["strongest"][0] == found["random"][0] == pytest.approx(1)
    assert found["strongest"][-1] == pytest.approx(0, abs=1e-4)
    assert found["strongest_area"] < found["random_area"]
