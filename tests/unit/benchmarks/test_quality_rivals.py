"""The rivals of the comparison on data small enough to see the right answer."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.domain.split import TEST
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer
from tests.benchmarks.quality.models import available
from tests.benchmarks.quality.output import write
from tests.benchmarks.quality.ranks import figures, gain, per_user, place
from tests.benchmarks.quality.rivals import factors, neighbours, sums
from tests.benchmarks.quality.rivals.settings import RIVALS, Rival
from tests.benchmarks.quality.rivals.training_matrix import Known
from tests.benchmarks.quality.rivals.tuning import choose
from tests.benchmarks.quality.studies.expected_gain import share_of_best
from tests.benchmarks.quality.studies.new_properties import hold_out
from tests.fakes.logs import Row, holdout_of, log_of

DAY = 400  # of the questions
PRICES = {"a": 1e5, "b": 2e5, "c": 4e5, "d": 8e5, "e": 16e5}
CATALOGUE = Catalogue.of(list(PRICES), [PropertyFeatures(listing_price=price) for price in PRICES.values()])
SUM = {"place": 1.0, "steepness": 1.0, "item_knn": 4.0, "popularity": 0.1, "shrinkage": 0.0}


def dataset_of(*rows: Row) -> Dataset:
    """Times are days."""
    return Dataset(CATALOGUE, log_of(*rows, unit=DAY_SECONDS)).in_time_order()


def ask(dataset: Dataset, *questions: tuple[int, str], day: float = DAY) -> Queries:
    """Of each user where the one property stands, given what the user did before."""
    holdout = holdout_of(*((user, target, int(day * DAY_SECONDS), 1) for user, target in questions))
    return Queries.of(dataset, holdout, TEST)


def scores(answer: Answer, queries: Queries) -> dict[str, float]:
    """Of the first question, by property."""
    return dict(zip(PRICES, np.asarray(answer(queries)(slice(0, 1)))[0].tolist(), strict=True))


SHARED = dataset_of(
    (1, "a", "deal", 1), (1, "b", "deal", 2), (2, "a", "deal", 1), (2, "b", "like", 2), (3, "a", "deal", 1),
    (3, "c", "deal", 2), (4, "d", "dislike", 1), (9, "b", "deal", 3),
)  # fmt: skip
KNOWN = Known(SHARED, SHARED)
NINE = ask(SHARED, (9, "e"))  # whose history is b


def test_popularity_counts_investors_and_no_dislikes() -> None:
    by_property = scores(neighbours.popularity(KNOWN, {}, 0), NINE)
    assert by_property == pytest.approx({"a": math.log(4), "b": math.log(4), "c": math.log(2), "d": 0, "e": 0})


def test_item_knn_is_the_cosine_of_shared_investors() -> None:
    by_property = scores(neighbours.item_knn(KNOWN, {"neighbours": 10, "shrinkage": 0.0}, 0), NINE)
    assert by_property == pytest.approx({"a": 2 / math.sqrt(3 * 3), "b": 0, "c": 0, "d": 0, "e": 0})


def test_item_knn_keeps_only_the_nearest_and_shrinks_thin_evidence() -> None:
    asked = ask(dataset_of((9, "a", "deal", 1)), (9, "e"))
    nearest = scores(neighbours.item_knn(KNOWN, {"neighbours": 1, "shrinkage": 0.0}, 0), asked)
    assert nearest["b"] == pytest.approx(2 / 3)
    assert nearest["c"] == 0  # one neighbour is kept, and b is nearer to a
    shrunk = scores(neighbours.item_knn(KNOWN, {"neighbours": 10, "shrinkage": 1.0}, 0), asked)
    assert shrunk["b"] == pytest.approx(2 / (3 + 1))


def test_content_knn_ranks_by_nearness_to_the_nearest_of_the_history() -> None:
    by_property = scores(neighbours.content_knn(KNOWN, {"place": 1.0}, 0), NINE)
    assert by_property["b"] == pytest.approx(0, abs=1e-3)
    assert by_property["a"] > by_property["d"] > by_property["e"]


def test_a_dislike_attracts_nobody() -> None:
    dataset = dataset_of((9, "e", "dislike", 1), (9, "a", "deal", 2))
    by_property = scores(neighbours.content_knn(Known(dataset, dataset), {"place": 1.0}, 0), ask(dataset, (9, "c")))
    assert max(by_property, key=lambda name: by_property[name]) == "a"
    assert by_property["d"] < by_property["b"]


def test_ease_is_its_closed_form() -> None:
    dataset = dataset_of((1, "a", "deal", 1), (1, "b", "deal", 1), (9, "a", "deal", 1))
    known = Known(dataset.take(dataset.log.users == 1), dataset)
    # XᵀX + I = [[2, 1], [1, 2]], its inverse P = [[2, −1], [−1, 2]] / 3, and B_ab = −P_ab / P_bb = 1/2
    assert scores(neighbours.ease(known, {"ridge": 1.0}, 0), ask(dataset, (9, "e")))["b"] == pytest.approx(0.5)


def test_the_untrained_sum_adds_its_three_parts() -> None:
    by_property = scores(sums.untrained_sum(KNOWN, SUM, 0), NINE)
    gap = scores(neighbours.content_knn(KNOWN, {"place": 1.0}, 0), NINE)["a"]
    assert by_property["a"] == pytest.approx(math.exp(gap) + 4 * 2 / 3 + 0.1 * math.log(4), rel=1e-5)


def test_without_a_history_the_untrained_sum_is_the_popularity() -> None:
    by_property = scores(sums.untrained_sum(KNOWN, SUM, 0), ask(SHARED, (77, "e")))
    assert by_property["a"] == by_property["b"] > by_property["c"] > by_property["d"] == by_property["e"]


def test_recent_activity_counts_others_before_the_day_and_within_the_window() -> None:
    facts = dataset_of(
        (1, "a", "view", DAY - 1), (2, "a", "deal", DAY - 89), (3, "a", "deal", DAY - 91),  # the last is too old
        (1, "b", "deal", DAY + 0.2), (1, "c", "deal", DAY + 3),  # on the day itself, and later
        (9, "d", "deal", DAY - 1),  # the asker's own
    )  # fmt: skip
    counted = Known(facts, facts).activity(ask(facts, (9, "e"), day=DAY + 0.5), 90)(slice(0, 1))
    assert counted.tolist() == [pytest.approx([math.log(3), 0, 0, 0, 0])]


def test_the_recent_sum_prefers_what_happens_now() -> None:
    facts = dataset_of((1, "a", "deal", 1), (2, "b", "deal", DAY - 10))
    setting = SUM | {"days_90": 0.2, "days_365": 0.1}
    by_property = scores(sums.untrained_sum_recent(Known(facts, facts), setting, 0), ask(facts, (9, "e")))
    assert by_property["b"] - by_property["a"] == pytest.approx(0.3 * math.log(2), rel=1e-5)


def two_camps() -> tuple[Dataset, Queries]:
    """Some want a, b and c, the others d and e; one of each has yet to find the last."""
    rows: list[Row] = [(user, name, "deal", 1) for user in range(20) for name in ("abc" if user % 2 else "de")]
    dataset = dataset_of(*rows, (31, "a", "deal", 1), (31, "b", "deal", 1), (32, "d", "deal", 1))
    return dataset, ask(dataset, (31, "c"), (32, "e"))


@pytest.mark.parametrize("name", ["item_knn", "ease", "untrained_sum", "untrained_sum_recent", "als", "bpr", "lightfm"])
def test_every_rival_finds_what_the_like_minded_want(name: str) -> None:
    rival = RIVALS[name]
    if rival.package:
        pytest.importorskip(rival.package, reason="of the group peers, which not everybody installs")
    dataset, queries = two_camps()
    small = {"factors": 2.0, "epochs": 100.0}  # two camps are two dimensions
    setting = {option: small.get(option, values[0]) for option, values in rival.options.items()}
    ranks = place(rival.fit(Known(dataset, dataset), setting, 0), queries, len(CATALOGUE))
    assert ranks.tolist() == [0, 0]


def test_lightfms_tags_share_out_one_to_each_property() -> None:
    tags = factors.item_tags(KNOWN)
    assert np.asarray(tags.sum(axis=1)).ravel() == pytest.approx(np.ones(len(CATALOGUE)))
    assert tags.shape[0] == len(CATALOGUE) < tags.shape[1]


def test_the_setting_that_ranks_validation_best_is_chosen() -> None:
    order = {1.0: "abcde", 2.0: "edcba", 3.0: "bcade"}

    def fit(_known: Known, setting: object, _seed: int) -> Answer:
        ranked = order[setting["which"] * setting["sign"]]  # type: ignore[index]  # a mapping in fact
        row = np.array([-ranked.index(name) for name in PRICES], dtype=np.float64)
        return lambda queries: lambda chunk: np.repeat(row[None], chunk.stop - chunk.start, axis=0)

    remarks: list[str] = []
    rival = Rival(fit, {"which": (1.0, 2.0, 3.0), "sign": (1.0,)})
    assert choose(rival, KNOWN, ask(SHARED, (50, "e")), say=remarks.append) == {"which": 2.0, "sign": 1.0}
    assert len(remarks) == 3  # each setting is tried once


def test_a_rival_without_its_package_is_left_out_and_said() -> None:
    remarks: list[str] = []
    missing = {name for name, rival in RIVALS.items() if rival.missing}
    assert set(available(RIVALS, 10, remarks.append)) == set(RIVALS) - missing
    assert len(remarks) == len(missing)
    assert "ease" not in available(RIVALS, 10**6, remarks.append)
    assert any("LEFT OUT: ease" in text for text in remarks)
    assert Rival(neighbours.random, package="no_such_package").missing


def test_figures_are_arithmetic_on_the_ranks() -> None:
    figures_of_each = per_user(np.array([[0, 2, 10], [0, 2, 9]]))  # two seeds, three investors
    assert figures_of_each["hr_at_10"].tolist() == [1, 1, 0.5]
    assert figures_of_each["ndcg_at_10"].tolist() == pytest.approx([1, 0.5, 0.5 / math.log2(11)])
    assert figures_of_each["mrr"].tolist() == pytest.approx([1, 1 / 3, (1 / 11 + 1 / 10) / 2])


def test_the_standard_error_is_that_of_the_mean_and_pairing_removes_what_both_share() -> None:
    ranks = np.where(np.arange(400) % 2, 0, 50)
    error = figures(ranks)["hr_at_10"]["se"]
    assert error == pytest.approx(0.5 / math.sqrt(400), rel=0.1)
    against_itself = gain(ranks, ranks)
    assert (against_itself["hr_gain"], against_itself["se"]) == (0, 0)


def test_only_candidates_and_the_target_are_ranked() -> None:
    answer = neighbours.popularity(KNOWN, {}, 0)
    asked = ask(SHARED, (50, "e"))
    assert place(answer, asked, 5).tolist() == [4]  # behind a, b, c; level with d, and a tie goes to the middle place
    assert place(answer, asked, 5, np.array([True, False, False, False, False])).tolist() == [1]


def test_new_properties_leave_no_trace_in_what_is_learnt_or_known() -> None:
    dataset = dataset_of(
        (1, "a", "deal", 1), (1, "d", "deal", 2), (1, "e", "deal", 3), (1, "b", "deal", 4),  # asked about e
        (2, "d", "deal", 1), (2, "a", "deal", 2),  # had nothing else before d: not asked
        (3, "b", "deal", 1), (3, "d", "view", 2), (3, "x", "deal", 3),  # only looked at d; x is in no catalogue
    )  # fmt: skip
    unseen = hold_out(dataset, np.array([False, False, False, True, True]))
    assert unseen.queries.users.tolist() == [1]
    assert CATALOGUE.ids[unseen.queries.targets].tolist() == ["e"]
    assert CATALOGUE.ids[unseen.queries.histories.properties].tolist() == ["a"]
    assert sorted(zip(unseen.dataset.log.users.tolist(), unseen.dataset.log.properties.tolist(), strict=True)) == [
        (1, "a"), (2, "a"), (3, "b"),
    ]  # fmt: skip


def test_the_limit_on_those_asked_counts_only_who_can_be_asked() -> None:
    dataset = dataset_of((7, "a", "deal", 1), *((user, "e", "deal", 2) for user in range(20)), (30, "b", "deal", 3))
    unseen = hold_out(dataset, np.array([False, False, False, False, True]), users_limit=1)
    assert unseen.queries.users.tolist() == [7]  # the others had dealt with nothing before
    assert sorted(unseen.dataset.log.users.tolist()) == [7, 30]


def test_the_share_of_the_best_expected_gain_is_one_for_the_best_order() -> None:
    chances, everything = np.array([0.6, 0.3, 0.1]), np.ones(3, dtype=bool)
    assert share_of_best(np.array([3.0, 2.0, 1.0]), chances, everything) == pytest.approx(1)
    upside_down = 0.1 + 0.3 / math.log2(3) + 0.6 / 2
    assert share_of_best(np.array([1.0, 2.0, 3.0]), chances, everything) == pytest.approx(
        upside_down / (0.6 + 0.3 / math.log2(3) + 0.1 / 2)
    )
    assert share_of_best(np.array([9.0, 2.0, 1.0]), chances, np.array([False, True, True])) == pytest.approx(1)


def test_what_could_not_be_measured_is_null_in_the_file(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "found.json", {"a": float("nan"), "b": [1.23456789], "3": {"c": None}})
    assert json.loads((tmp_path / "deep" / "found.json").read_text()) == {"a": None, "b": [1.234568], "3": {"c": None}}
