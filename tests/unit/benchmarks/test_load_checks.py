"""What the load benchmark holds to be wrong, on answers whose fault is visible."""

import pytest

from tests.benchmarks.load import checks
from tests.benchmarks.load.clients import Answered
from tests.fakes.twins import small_twin

STALLED = (100.0, 104.0)
TWIN = small_twin()
NAME, VECTOR = str(TWIN.property_ids[0]), TWIN.property_vectors[0]


def answered(route: str, status: int, at: float = 90.0) -> Answered:
    return Answered(route, at, 5.0, status)


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        (answered("recommend", 200), False),
        (answered("recommend", 503, at=101.0), False),
        (answered("recommend", 503), True),
        (answered("predict", 503, at=101.0), True),
        (answered("search", 500, at=101.0), True),
        (answered("feedback", 404), True),
    ],
)
def test_a_503_is_meant_of_what_needs_the_index_while_it_stalls_and_of_nothing_else(
    answer: Answered, wrong: bool
) -> None:
    assert bool(checks.statuses([answer], STALLED)) is wrong


@pytest.mark.parametrize(("score", "wrong"), [(1.0, False), (0.9, True)])
def test_a_similarity_that_is_of_another_version_is_a_mixed_answer(score: float, wrong: bool) -> None:
    answer = Answered("search", 0.0, 5.0, 200, version=TWIN.version, hits=[(NAME, score)])
    assert bool(checks.unmixed({TWIN.version: TWIN}, VECTOR.tolist(), [answer])) is wrong


def test_memory_and_descriptors_may_breathe_but_not_grow() -> None:
    before = {"rss_mb": 200.0, "descriptors": 40.0}
    assert checks.flat(before, {"rss_mb": 210.0, "descriptors": 42.0}) == []
    assert len(checks.flat(before, {"rss_mb": 400.0, "descriptors": 90.0})) == 2
