import numpy as np
import pytest
from pydantic import ValidationError

from portfolio_twin.domain.evidence import Evidence, gather_evidence
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS, KINDS, Interaction
from tests.fakes.logs import log_of

EVENT = {"user_id": 1, "property_id": "p", "kind": "like", "occurred_at": "2026-01-05T10:00:00Z"}


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


def standing(*events: tuple[int, str, str]) -> list[tuple[int, str, str]]:
    log = log_of(*((*event, second) for second, event in enumerate(events))).standing()
    kinds = [KINDS[kind] for kind in log.kinds]
    return list(zip(log.users.tolist(), log.properties.tolist(), kinds, strict=True))


def test_a_thumb_that_was_taken_back_never_was() -> None:
    like, clear = (1, "p7", "like"), (1, "p7", "clear")
    assert standing(like, clear) == []
    assert standing(like, clear, (1, "p7", "dislike")) == [(1, "p7", "dislike")]
    assert standing((1, "p7", "dislike"), like, clear, clear, like) == [like]
    assert standing(clear, like) == [like]


def test_nothing_but_ones_own_thumbs_for_the_property_is_taken_back() -> None:
    others = [(1, "p7", "view"), (1, "p7", "deal"), (1, "p8", "like"), (2, "p7", "dislike")]
    assert standing(*others, (1, "p7", "like"), (1, "p7", "clear")) == others


@pytest.mark.parametrize("name", ["listing_price", "location", "zipcode", "attributes.pool", "attributes.a b"])
def test_a_field_an_attribute_or_the_location_can_have_decided_it(name: str) -> None:
    assert Interaction.model_validate(EVENT | {"because": [name]}).because == [name]


@pytest.mark.parametrize("because", [["price"], ["attributes"], ["attributes."], [3], "lat", ["lat"] * 6, ["lat\n"]])
def test_what_is_no_input_cannot_have_decided_it(because: object) -> None:
    with pytest.raises(ValidationError):
        Interaction.model_validate(EVENT | {"because": because})
