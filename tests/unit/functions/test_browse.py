"""The reading routes behind fakes: lists page after page, one investor, and what is refused."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.domain.interactions import Event
from tests.fakes.api_client import ApiClient
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, TENANT_B, small_catalogue, small_twin

A, B = ApiClient(TENANT_A), ApiClient(TENANT_B)
TWIN = small_twin()
TWIN_B = small_twin(small_catalogue(12, prefix="other"))
HISTORY = (Event("p1", "like", 100), Event("p2", "view", 90))
LOG_MEAN = TWIN.taste(TWIN.user_vectors[0], 1.0).log_mean
INVESTOR = UserPoint(1, TWIN.user_vectors[0], {"like": 1, "view": 1}, HISTORY, ("p1",), LOG_MEAN)
NEWCOMERS = [UserPoint(user, TWIN.market.vector) for user in range(2, 8)]
Json = dict[str, Any]


@pytest.fixture(autouse=True)
def index() -> Iterator[FakeVectorIndex]:
    fake = FakeVectorIndex()
    fill(fake, TENANT_A, TWIN, small_catalogue(), INVESTOR, *NEWCOMERS)
    fill(fake, TENANT_B, TWIN_B, small_catalogue(12, prefix="other"))
    with serving(fake_stores({TENANT_A: TWIN, TENANT_B: TWIN_B}, fake)):
        yield fake


def pages_of(body: Json, client: ApiClient = A) -> list[Json]:
    """The properties of all pages."""
    found: list[Json] = []
    while True:
        answer = client.post("/properties/search", body)
        assert answer.status == 200, answer.text
        found += answer.body["results"]
        if answer.body["next_cursor"] is None:
            return found
        body = body | {"cursor": answer.body["next_cursor"]}


@pytest.mark.parametrize("top_k", [7, 20, 60, 100])
def test_page_after_page_every_property_comes_once(top_k: int) -> None:
    ids = [each["property_id"] for each in pages_of({"top_k": top_k})]
    assert sorted(ids) == sorted(small_catalogue().ids)


def test_filters_hold_on_every_page() -> None:
    condos = pages_of({"top_k": 4, "filters": {"property_type": ["Condo"]}})
    assert {each["property"]["property_type"] for each in condos} == {"Condo"}
    kinds = small_catalogue().columns["property_type"]
    assert len(condos) == int((kinds == "Condo").sum())


def test_a_text_is_an_id_exactly_or_else_a_zip_code_exactly() -> None:
    assert [each["property_id"] for each in pages_of({"text": "p7"})] == ["p7"]
    zipped = pages_of({"text": "12203", "top_k": 6})
    assert {each["property"]["zipcode"] for each in zipped} == {"12203"}
    assert len(zipped) == 15
    assert pages_of({"text": "12203", "filters": {"zipcode": ["12201"]}}) == []
    assert pages_of({"text": "p7", "filters": {"zipcode": ["12200"]}}) == []
    assert pages_of({"text": "1220"}) == pages_of({"text": "p"}) == []


def test_with_an_investor_each_property_has_the_affinity_that_predict_tells() -> None:
    (alone,) = pages_of({"text": "p9"})
    assert (alone["affinity_score"], alone["confidence"]) == (None, None)
    (listed,) = pages_of({"text": "p9", "user_id": 1})
    predicted = A.post("/predict", {"user_id": 1, "property_id": "p9"}).body
    told = (listed["affinity_score"], listed["confidence"])
    assert told == pytest.approx((predicted["affinity_score"], predicted["confidence"]))


def test_a_cursor_serves_its_own_question_alone() -> None:
    cursor = A.post("/properties/search", {"top_k": 5}).body["next_cursor"]
    other = A.post("/properties/search", {"top_k": 5, "cursor": cursor, "text": "12200"})
    assert (other.status, other.body["error"]["code"]) == (422, "InvalidInput")
    assert A.get(f"/investors?cursor={cursor}").status == 422
    for garbage in ("x", "%00", "é", "a" * 2000, "bm90IGpzb24"):
        assert A.post("/properties/search", {"cursor": garbage}).status == 422
        assert A.get(f"/investors?cursor={garbage}").status == 422


def test_a_cursor_of_before_a_promotion_says_to_begin_anew(index: FakeVectorIndex) -> None:
    cursor = A.post("/properties/search", {"top_k": 5}).body["next_cursor"]
    users = A.get("/investors?top_k=2").body["next_cursor"]
    promoted = small_twin(version="20260202T000000Z-00000000")
    fill(index, TENANT_A, promoted, small_catalogue(), INVESTOR)
    with serving(fake_stores({TENANT_A: promoted}, index)):
        for answer in (
            A.post("/properties/search", {"top_k": 5, "cursor": cursor}),
            A.get(f"/investors?top_k=2&cursor={users}"),
        ):
            assert (answer.status, answer.body["error"]["code"]) == (409, "CursorExpired")


def test_anothers_cursor_shows_nothing_of_theirs() -> None:
    cursor = A.post("/properties/search", {"top_k": 5}).body["next_cursor"]
    ids = {each["property_id"] for each in pages_of({"top_k": 2, "cursor": cursor}, B)}
    assert ids <= {f"other{i}" for i in range(12)}


@pytest.mark.parametrize(
    "body",
    [
        {"top_k": 0},
        {"top_k": 101},
        {"text": ""},
        {"text": "a\x00"},
        {"user_id": -1},
        {"tenant_id": "x"},
        {"filters": 3},
    ],
)
def test_a_search_that_breaks_a_rule_is_422(body: Json) -> None:
    assert A.post("/properties/search", body).status == 422


def test_everybody_is_listed_once_with_what_is_known_of_them() -> None:
    found, cursor = list[Json](), ""
    while True:
        body = A.get(f"/investors?top_k=3{cursor}").body
        found += body["investors"]
        if body["next_cursor"] is None:
            break
        cursor = f"&cursor={body['next_cursor']}"
    assert sorted(each["user_id"] for each in found) == list(range(1, 8))
    known = {each["user_id"]: each for each in found}
    moved = datetime.fromtimestamp(100, UTC).isoformat().replace("+00:00", "Z")
    assert known[1] == {
        "user_id": 1, "evidence": {"like": 1, "view": 1}, "acted_on": 1, "moved_at": moved, "strategy": "twin"
    }  # fmt: skip
    assert known[2] == {"user_id": 2, "evidence": {}, "acted_on": 0, "moved_at": None, "strategy": "popular"}


def test_an_investor_is_told_with_their_history_newest_first() -> None:
    body = A.get("/investors/1").body
    assert (body["strategy"], body["evidence"]) == ("twin", {"like": 1, "view": 1})
    assert [(each["property_id"], each["kind"]) for each in body["history"]] == [("p1", "like"), ("p2", "view")]
    assert [each["occurred_at"] for each in body["history"]] == ["1970-01-01T00:01:40Z", "1970-01-01T00:01:30Z"]
    for each in body["history"]:
        predicted = A.post("/predict", {"user_id": 1, "property_id": each["property_id"]}).body
        assert each["affinity_score"] == pytest.approx(predicted["affinity_score"])
        assert each["property"]["zipcode"]


def test_the_learnt_buy_box_goes_into_recommend_as_it_is() -> None:
    box = A.get("/investors/1").body["buy_box"]
    assert 0 < box["matching"] < box["of"] == 60
    assert {each["input"] for each in box["criteria"]} >= {"listing_price", "property_type", "attributes.zoning"}
    weights = [each["weight"] for each in box["criteria"]]
    assert weights == sorted(weights, reverse=True)
    answer = A.post("/recommend", {"user_id": 1, "top_k": 60, "filters": box["filters"]})
    assert answer.status == 200, answer.text
    assert 0 < len(answer.body["recommendations"]) < 58


def test_who_is_not_known_has_the_markets_buy_box() -> None:
    body = A.get("/investors/424242").body
    assert (body["strategy"], body["history"], body["moved_at"]) == ("popular", [], None)
    assert body["buy_box"]["of"] == 60


@pytest.mark.parametrize(
    "path", ["/investors/x", "/investors/-1", "/investors/1.5", f"/investors/{2**64}", "/models/x"]
)
def test_a_path_that_names_nothing_possible_is_422(path: str) -> None:
    assert A.get(path).status == 422


def test_without_the_index_lists_are_503_and_say_to_come_back(index: FakeVectorIndex) -> None:
    index.down = True
    for answer in (A.post("/properties/search", {}), A.get("/investors"), A.get("/investors/1")):
        assert (answer.status, "retry-after" in answer.headers) == (503, True)
