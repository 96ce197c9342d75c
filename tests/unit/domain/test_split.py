import csv
import io

import numpy as np

from portfolio_twin.domain.csv.holdout import read_holdout, write_holdout
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import TEST, VALIDATION, Holdout, draw_holdout, training_log
from tests.fakes.logs import Row, log_of

IDS = np.array([f"p{i}" for i in range(8)], dtype=object)


def market(*events: Row) -> Dataset:
    return Dataset(Catalogue(IDS, {}), log_of(*events))


def target(holdout: Holdout, split: int, user: int) -> tuple[str, int]:
    mine = holdout.targets(split)
    row = np.flatnonzero(mine.users == user)[0]
    return mine.properties[row], int(mine.times[row])


FUNNEL = market(
    (1, "p0", "deal", 10), (1, "p2", "view", 15), (1, "p1", "like", 20),
    (1, "p0", "deal", 25),  # p0 was a positive before: its first time counts
    (1, "p3", "view", 30), (1, "p2", "deal", 40), (1, "p4", "view", 50),
    (2, "p0", "deal", 5), (2, "p1", "view", 6), (2, "p2", "outreach", 7), (2, "p5", "deal", 100),
)  # fmt: skip


def test_the_last_distinct_positive_is_the_test_target_and_the_one_before_the_validation_target() -> None:
    holdout = draw_holdout(FUNNEL, seed=0)
    assert target(holdout, TEST, 1) == ("p2", 40)
    assert target(holdout, VALIDATION, 1) == ("p1", 20)


def test_an_investor_with_two_positives_is_not_held_out() -> None:
    assert set(draw_holdout(FUNNEL, seed=0).users) == {1}


def test_training_sees_nothing_from_the_validation_target_on_nor_an_earlier_view_of_a_target() -> None:
    trained = training_log(FUNNEL.log, draw_holdout(FUNNEL, seed=0))
    mine = trained.users == 1
    assert list(zip(trained.properties[mine], trained.times[mine], strict=True)) == [("p0", 10)]
    assert (trained.users == 2).sum() == 4


def test_negatives_are_properties_that_the_investor_never_touched() -> None:
    for seed in range(20):
        holdout = draw_holdout(FUNNEL, seed=seed, negatives_per_target=3)
        assert (holdout.labels == 0).sum() == 3 * (holdout.labels == 1).sum()
        assert set(holdout.properties[holdout.labels == 0]) <= {"p5", "p6", "p7"}


def test_an_investor_who_touched_everything_has_no_negatives() -> None:
    dataset = market(*((1, property_id, "deal", i) for i, property_id in enumerate(IDS)))
    assert draw_holdout(dataset, seed=0).labels.tolist() == [1, 1]


def test_properties_outside_the_catalogue_are_no_targets() -> None:
    dataset = market(*((1, p, "deal", i) for i, p in enumerate(["p0", "p1", "p2", "gone"])))
    assert target(draw_holdout(dataset, seed=0), TEST, 1) == ("p2", 2)


def test_the_same_seed_draws_the_same_users_and_never_more_than_the_limit() -> None:
    dataset = market(*((user, f"p{i}", "deal", i) for user in range(30) for i in range(3)))
    first, again = (draw_holdout(dataset, seed=7, users_limit=10) for _ in range(2))
    assert first.users.tolist() == again.users.tolist()
    assert len(np.unique(first.users)) == 10
    assert first.users.tolist() != draw_holdout(dataset, seed=8, users_limit=10).users.tolist()


def test_user_numbers_up_to_the_largest_integer_are_kept_apart() -> None:
    dataset = market(*((user, f"p{i}", "deal", i) for user in (2**63 - 1, 2**63 - 2) for i in range(3)))
    assert sorted(draw_holdout(dataset, seed=0).targets(TEST).users) == [2**63 - 2, 2**63 - 1]


def test_a_log_without_enough_holds_nothing_out_and_trains_on_all() -> None:
    dataset = market((1, "p0", "view", 1))
    holdout = draw_holdout(dataset, seed=0)
    assert len(holdout) == 0
    assert len(training_log(dataset.log, holdout)) == 1


def test_a_holdout_survives_its_csv() -> None:
    holdout = draw_holdout(FUNNEL, seed=3, negatives_per_target=2)
    text = io.StringIO()
    csv.writer(text).writerows(write_holdout(holdout))
    again = read_holdout(text.getvalue().splitlines())
    for name in ("users", "properties", "times", "splits", "labels"):
        assert getattr(again, name).tolist() == getattr(holdout, name).tolist()
    assert len(read_holdout(["user_id,property_id,occurred_at,split,label"])) == 0
