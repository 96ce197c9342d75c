"""What is still to be had, and which targets are far, on markets small enough to count."""

import math

import numpy as np
import pytest

from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.domain.split import TEST
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.features import KM_PER_DEGREE
from tests.benchmarks.quality.ranks import per_user, place
from tests.benchmarks.quality.still_to_be_had import FEWEST_CANDIDATES, StillToBeHad
from tests.benchmarks.quality.studies.slices import FAR_KM, far
from tests.fakes.logs import Row, holdout_of, log_of

HERE, NEXT_DOOR, ACROSS = 0.0, 0.9 * FAR_KM / KM_PER_DEGREE, 1.1 * FAR_KM / KM_PER_DEGREE  # degrees of latitude
LATITUDES = {"a": HERE, "b": NEXT_DOOR, "c": ACROSS, "d": None}
SMALL = Catalogue.of(
    list(LATITUDES), [PropertyFeatures(lat=lat, lon=None if lat is None else 0.0) for lat in LATITUDES.values()]
)
WIDE = Catalogue.of([f"p{i}" for i in range(2 * FEWEST_CANDIDATES)], [PropertyFeatures()] * 2 * FEWEST_CANDIDATES)


def ask(catalogue: Catalogue, *rows: Row, of: dict[int, str], at: int = 10) -> tuple[Dataset, Queries]:
    """Of each user one target, given what everybody did."""
    dataset = Dataset(catalogue, log_of(*rows)).in_time_order()
    return dataset, Queries.of(dataset, holdout_of(*((user, target, at, 1) for user, target in of.items())), TEST)


def test_what_anybody_bought_before_the_query_is_gone_and_what_is_bought_at_that_moment_is_not() -> None:
    rows: list[Row] = [
        (2, "a", "deal", 9),
        (2, "b", "deal", 10),
        (3, "b", "deal", 11),
        (2, "c", "view", 1),
        (2, "x", "deal", 1),
    ]
    open_ = StillToBeHad.of(*ask(SMALL, *rows, of={1: "d"}))
    assert open_(slice(0, 1)).tolist() == [[False, True, True, True]]  # c was only looked at, x is in no catalogue
    assert (open_.candidates, open_.targets) == (3, 1.0)


def test_each_query_is_cut_at_its_own_time_and_the_target_is_always_ranked() -> None:
    dataset, queries = ask(SMALL, (3, "a", "deal", 5), (3, "b", "deal", 8), (3, "d", "deal", 9), of={1: "b", 2: "c"})
    early = StillToBeHad.of(
        dataset, Queries.without_pairs(queries.users, queries.targets, np.array([6, 9]), queries.histories)
    )
    assert early(slice(0, 2)).tolist() == [[False, True, True, True], [False, False, True, True]]
    assert early(slice(1, 2)).tolist() == [[False, False, True, True]]
    order = np.array([[4.0, 1.0, 2.0, 3.0]])
    late = StillToBeHad.of(dataset, queries)
    ranks = place(lambda _: lambda chunk: np.repeat(order, chunk.stop - chunk.start, axis=0), queries, len(SMALL), late)
    assert late.targets == 1 / 2
    assert ranks.tolist() == [1, 0]  # b, long sold, behind c alone; c first


@pytest.mark.parametrize(("sold", "target", "makes_sense"), [
    (FEWEST_CANDIDATES, "p99", True), (FEWEST_CANDIDATES + 1, "p99", False), (1, "p0", False),
])  # fmt: skip
def test_the_protocol_needs_enough_left_and_targets_among_it(sold: int, target: str, makes_sense: bool) -> None:
    open_ = StillToBeHad.of(*ask(WIDE, *((2, f"p{i}", "deal", 1) for i in range(sold)), of={1: target}))
    assert open_.makes_sense == makes_sense
    assert f"{2 * FEWEST_CANDIDATES - sold} candidates in the median" in open_.protocol
    assert open_.protocol.startswith("Still to be had") == makes_sense


def test_without_queries_there_is_nothing_to_rank() -> None:
    dataset, queries = ask(SMALL, (1, "a", "deal", 1), of={1: "b"})
    assert not StillToBeHad.of(dataset, queries.take(np.array([False]))).makes_sense


def test_a_target_is_far_if_even_the_nearest_wanted_property_is() -> None:
    rows: list[Row] = [
        (1, "a", "deal", 1), (2, "a", "deal", 1), (3, "a", "deal", 1), (3, "b", "deal", 2), (4, "a", "deal", 1),
        (4, "b", "dislike", 2), (5, "d", "deal", 1), (6, "a", "deal", 1), (6, "d", "deal", 2), (7, "a", "deal", 1),
    ]  # fmt: skip
    _, queries = ask(SMALL, *rows, of={1: "b", 2: "c", 3: "c", 4: "c", 5: "a", 6: "c", 7: "d", 8: "c"})
    # next door · across · b is near to c · a dislike keeps nobody near · only bought where unknown · one of two
    # unknown · the target unknown · no history
    assert far(SMALL, queries).tolist() == [False, True, False, True, False, True, False, False]


def test_a_degree_of_longitude_is_shorter_in_the_north() -> None:
    degrees = 1.1 * FAR_KM / KM_PER_DEGREE
    north = Catalogue.of(["a", "b"], [PropertyFeatures(lat=60.0, lon=0.0), PropertyFeatures(lat=60.0, lon=degrees)])
    assert 1.1 * math.cos(math.radians(60)) < 1
    assert far(north, ask(north, (1, "a", "deal", 1), of={1: "b"})[1]).tolist() == [False]


def test_the_hit_rate_among_a_hundred_counts_ranks_below_it() -> None:
    assert per_user(np.array([9, 10, 99, 100]))["hr_at_100"].tolist() == [1, 1, 1, 0]
