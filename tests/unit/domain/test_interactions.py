import numpy as np

from portfolio_twin.domain.evidence import Evidence, gather_evidence
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS, KINDS


def evidence_of(*events: tuple[int, int, str, int]) -> Evidence:
    users, properties, kinds, times = zip(*events, strict=True)
    codes = [KIND_CODE[kind] for kind in kinds]
    return gather_evidence(np.array(users), np.array(properties), np.array(codes, np.int8), np.array(times))


def kinds_of(*events: tuple[int, int, str, int]) -> list[str]:
    return [KINDS[kind] for kind in evidence_of(*events).kinds]


def test_the_strongest_kind_tells() -> None:
    events = ((1, 7, "view", 10), (1, 7, "outreach", 20), (1, 7, "view", 30))
    assert kinds_of(*events) == ["outreach"]
    assert evidence_of(*events).times.tolist() == [30]


def test_a_dislike_tells_all_until_a_later_like_takes_it_back() -> None:
    assert kinds_of((1, 7, "deal", 5), (1, 7, "dislike", 9), (1, 7, "view", 10)) == ["dislike"]
    assert kinds_of((1, 7, "dislike", 5), (1, 7, "like", 9)) == ["like"]
    assert kinds_of((1, 7, "like", 5), (1, 7, "dislike", 9)) == ["dislike"]


def test_lines_come_by_investor_and_then_by_time_with_the_weight_of_their_kind() -> None:
    evidence = evidence_of((2, 1, "view", 5), (1, 9, "like", 8), (1, 3, "dislike", 2))
    assert list(zip(evidence.users, evidence.properties, strict=True)) == [(1, 3), (1, 9), (2, 1)]
    weights = np.array([KIND_WEIGHTS[kind] for kind in ("dislike", "like", "view")], np.float32)
    assert evidence.weights.tolist() == weights.tolist()


def test_no_interactions_are_no_evidence() -> None:
    nothing = np.array([], dtype=np.int64)
    assert len(gather_evidence(nothing, nothing, nothing.astype(np.int8), nothing).users) == 0
