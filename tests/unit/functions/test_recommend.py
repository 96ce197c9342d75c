"""The list of recommendations: its pages, its order, what it costs, and the same by query and by body."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest

from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.domain.interactions import Event
from portfolio_twin.services.answers.recommend import RecommendRequest
from portfolio_twin.services.cursors import write_cursor
from tests.fakes.api_client import ApiClient
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, TENANT_B, small_catalogue, small_twin

A, B = ApiClient(TENANT_A), ApiClient(TENANT_B)
TWINS = {TENANT_A: small_twin(version="one"), TENANT_B: small_twin(version="two")}


@pytest.fixture(autouse=True)
def index() -> Iterator[FakeVectorIndex]:
    fake = FakeVectorIndex()
    for tenant, twin in TWINS.items():
        liker = UserPoint(1, twin.user_vectors[0], {"like": 1}, (Event("p1", "like", 100),), ("p1",))
        fill(fake, tenant, twin, small_catalogue(), liker)
    with serving(fake_stores(TWINS, fake)):
        yield fake


def ask(client: ApiClient = A, **body: Any) -> dict[str, Any]:
    answer = client.post("/recommend", {"user_id": 1} | body)
    assert answer.status == 200, answer.text
    return dict(answer.body)


def ids(answer: dict[str, Any]) -> list[str]:
    return [each["property_id"] for each in answer["recommendations"]]


def pages(top_k: int, **body: Any) -> list[dict[str, Any]]:
    found = [ask(top_k=top_k, **body)]
    while cursor := found[-1]["next_cursor"]:
        found.append(ask(top_k=top_k, cursor=cursor, **body))
    return found


@pytest.mark.parametrize("diversity", [0.0, 0.5])
def test_the_pages_of_a_cursor_are_the_list_in_one(diversity: float) -> None:
    whole = ids(ask(top_k=100, diversity=diversity))
    found = pages(25, diversity=diversity)
    assert [len(each["recommendations"]) for each in found] == [25, 25, 9]  # of sixty all but the one acted on
    assert [name for page in found for name in ids(page)] == whole
    assert ids(ask(top_k=25, skip=25, diversity=diversity)) == whole[25:50]
    assert ask(top_k=10, skip=180)["recommendations"] == []


def test_a_page_leaves_out_what_no_page_so_far_has_shown() -> None:
    named = [f"p{i}" for i in range(10)]
    first, second, last = pages(4, candidate_property_ids=named)
    assert [each["reason"] for each in first["left_out"]].count("outranked") == 5
    assert [each["property_id"] for each in second["left_out"] if each["reason"] == "outranked"] == ids(last)
    assert last["left_out"] == [{"property_id": "p1", "reason": "acted_on"}]


@pytest.mark.parametrize("cursor", ["", "garbage", "W10=", "a" * 2000, "e30=", "\u00e4", "WyJvbmUiLCAieCIsIDFd", 7])
def test_a_cursor_that_no_answer_gave_is_422(cursor: object) -> None:
    answer = A.post("/recommend", {"user_id": 1, "cursor": cursor})
    assert (answer.status, answer.body["error"]["code"]) == (422, "InvalidInput")
    assert "cursor" in answer.body["error"]["message"]


@pytest.mark.parametrize("position", [0, -1, 10**9, "x", None, True, [1]])
def test_a_cursor_with_another_position_than_a_page_has_is_422(position: Any) -> None:
    forged = write_cursor("one", RecommendRequest(user_id=1), position)
    assert A.post("/recommend", {"user_id": 1, "cursor": forged}).status == 422


@pytest.mark.parametrize("changed", [{"user_id": 2}, {"discover_new": True}, {"filters": {"zipcode": ["12200"]}}])
def test_a_cursor_belongs_to_its_question(changed: dict[str, Any]) -> None:
    cursor = ask(top_k=3)["next_cursor"]
    refused = A.post("/recommend", {"user_id": 1, "cursor": cursor} | changed)
    assert (refused.status, "another question" in refused.text) == (422, True)
    assert len(ask(top_k=7, cursor=cursor, explain=False)["recommendations"]) == 7  # how much of it may change


def test_a_cursor_belongs_to_the_model_that_made_it() -> None:
    refused = B.post("/recommend", {"user_id": 1, "cursor": ask(top_k=3)["next_cursor"]})
    assert (refused.status, "first page again" in refused.text) == (409, True)


def test_cursor_and_skip_are_two_ways_to_say_one_thing() -> None:
    both = {"user_id": 1, "cursor": ask(top_k=3)["next_cursor"], "skip": 3}
    assert A.post("/recommend", both).status == 422


def test_without_reasons_all_else_is_the_same() -> None:
    usual = ask()
    quick = ask(explain=False)
    assert [each.pop("reasons") for each in quick["recommendations"]] == [[]] * 10
    assert all(each.pop("reasons") for each in usual["recommendations"])
    assert quick == usual


def test_the_order_is_that_of_affinity_until_diversity_is_asked_for() -> None:
    def falls(answer: dict[str, Any]) -> bool:
        scores = [each["affinity_score"] for each in answer["recommendations"]]
        return all(a >= b for a, b in pairwise(scores))

    assert falls(ask(top_k=50))
    assert falls(ask(top_k=50, discover_new=True))
    assert not falls(ask(top_k=50, diversity=0.9))


@pytest.mark.parametrize(
    ("query", "body"),
    [
        ({"diversity": 0.4, "explain": "false"}, {"diversity": 0.4, "explain": False}),
        ({"skip": 5, "top_k": 3}, {"skip": 5, "top_k": 3}),
        ({"candidate_property_ids": ["p4", "p9", "p1"]}, {"candidate_property_ids": ["p4", "p9", "p1"]}),
        ({"discover_new": "true", "zipcode": "12201"}, {"discover_new": True, "filters": {"zipcode": ["12201"]}}),
        ({"user_id": 9, "buy_box": "true", "price_max": 4e5}, {"user_id": 9, "buy_box": {"price": {"max": 4e5}}}),
    ],
)
def test_a_query_says_what_a_body_says(query: dict[str, Any], body: dict[str, Any]) -> None:
    answer = A.get(f"/properties/recommendations?{urlencode({'user_id': 1} | query, doseq=True)}")
    assert (answer.status, answer.body) == (200, ask(**body))


def test_a_cursor_works_in_a_query_too() -> None:
    first = A.get("/properties/recommendations?user_id=1&top_k=5&property_type=Condo").body
    again = f"&cursor={first['next_cursor']}"
    second = A.get(f"/properties/recommendations?user_id=1&top_k=5&property_type=Condo{again}").body
    assert len(set(ids(first) + ids(second))) == 10


@pytest.mark.parametrize("wrong", ["buy_box=true", "cursor=x", "skip=181", "skip=-1", "explain=maybe"])
def test_a_query_that_breaks_a_rule_of_the_list_is_422(wrong: str) -> None:
    assert A.get(f"/properties/recommendations?user_id=1&{wrong}").status == 422
