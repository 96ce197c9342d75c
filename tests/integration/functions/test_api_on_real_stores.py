"""The functions on PostgreSQL, the Qdrant engine and S3: feedback counts at once, and tenants never meet."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.copy_reads import copy_log
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.database import connect_to
from tests.integration.fixtures.index import Market, live_markets, stores_over

HOUSE = {"listing_price": 310_000.0, "square_footage": 1450.0, "property_type": "Condo"}
NOWHERE = "http://127.0.0.1:1"
ROUNDS = 1_000


@pytest.fixture(scope="module")
def markets(server: S3Server, pipeline_database: Database, index: VectorIndex) -> list[Market]:
    """Two tenants with the same property ids, live models and a full index."""
    return live_markets(server, pipeline_database, index)


@pytest.fixture
def make_stores(server: S3Server, app_database: Database, index: VectorIndex) -> Callable[[], Stores]:
    """What a function has, feedback as the application's role."""

    def make() -> Stores:
        return stores_over(WriteSettings(bucket=server.bucket), app_database, index)

    return make


@pytest.fixture(autouse=True)
def functions(make_stores: Callable[[], Stores]) -> Iterator[None]:
    with serving(make_stores()):
        yield


@pytest.fixture
def clients(markets: list[Market]) -> list[ApiClient]:
    return [ApiClient(market.tenant.tenant_id) for market in markets]


def recommended(client: ApiClient, user: int, **more: Any) -> list[str]:
    answer = client.post("/recommend", {"user_id": user, "top_k": 30, **more})
    assert answer.status == 200, answer.text
    return [item["property_id"] for item in answer.body["recommendations"]]


def test_health_says_which_code_answers_and_what_is_up_with_or_without_a_token(clients: list[ApiClient]) -> None:
    answer = clients[0].get("/health")
    up = {"s3": "up", "qdrant": "up"}
    assert (answer.status, answer.body) == (200, {"status": "ok", "dependencies": up, "code_version": "unknown"})


def test_feedback_counts_in_the_very_next_answer(clients: list[ApiClient]) -> None:
    client, user = clients[0], 501
    before = client.post("/recommend", {"user_id": user}).body
    assert before["strategy"] == "popular"
    first = before["recommendations"][0]["property_id"]
    answer = client.post(f"/properties/{first}/feedback", {"user_id": user, "kind": "like"})
    assert (answer.status, answer.body["twin_updated"]) == (201, True)
    after = client.post("/recommend", {"user_id": user}).body
    assert after["strategy"] == "twin"
    assert first not in {item["property_id"] for item in after["recommendations"]}


def test_a_dislike_takes_the_property_and_its_like_down(clients: list[ApiClient]) -> None:
    client, user = clients[0], 502
    client.post("/properties/p03/feedback", {"user_id": user, "kind": "like"})
    liked = client.post("/predict", {"user_id": user, "property_id": "p03"}).body["affinity_score"]
    client.post("/properties/p03/feedback", {"user_id": user, "kind": "dislike"})
    disliked = client.post("/predict", {"user_id": user, "property_id": "p03"}).body["affinity_score"]
    assert disliked < liked


@pytest.mark.case(14, 24)
def test_the_same_key_and_body_gives_the_same_answer_and_one_row(
    clients: list[ApiClient], markets: list[Market], app_database: Database
) -> None:
    def send(kind: str, client: ApiClient = clients[0]) -> Any:
        body = {"user_id": 503, "kind": kind}
        return client.post("/properties/p04/feedback", body, headers={"Idempotency-Key": "key-1"})

    first, again = send("like"), send("like")
    assert (first.status, first.body) == (again.status, again.body)
    assert send("dislike").status == 422
    assert send("dislike", clients[1]).status == 201  # another tenant's key is another key
    with app_database.tenant_session(markets[0].tenant.tenant_id) as session:
        assert len(copy_log(session, users=[503])) == 1


@pytest.mark.case(7)
def test_a_property_put_is_found_scored_and_recommended_at_once(clients: list[ApiClient]) -> None:
    client = clients[0]
    answer = client.put("/properties/brand-new", {"property": {**HOUSE, "attributes": {"pool": True}}})
    assert (answer.status, answer.body["indexed"]) == (200, True)
    assert "brand-new" in recommended(client, 504)
    assert client.post("/predict", {"user_id": 504, "property_id": "brand-new"}).status == 200
    similar = client.get("/properties/p01/similar?top_k=50").body["results"]
    assert "brand-new" in {item["property_id"] for item in similar}
    assert clients[1].get("/properties/brand-new/similar").status == 404


@pytest.mark.parametrize("path", ["/properties/%ff", "/properties/%20", "/properties/%ed%a0%80"])
def test_a_property_id_that_is_no_text_is_422(clients: list[ApiClient], path: str) -> None:
    assert clients[0].put(path, {"property": HOUSE}).status == 422


@pytest.mark.case(9)
def test_feedback_on_an_unknown_property_is_404_like_anothers(clients: list[ApiClient]) -> None:
    clients[0].put("/properties/only-a", {"property": HOUSE})
    body = {"user_id": 1, "kind": "like"}
    theirs, missing = (clients[1].post(f"/properties/{name}/feedback", body) for name in ("only-a", "never-was"))
    assert theirs.status == missing.status == 404
    assert theirs.body["error"]["message"] == missing.body["error"]["message"]


@pytest.mark.case(6)
def test_interactions_of_other_systems_get_one_result_each(clients: list[ApiClient]) -> None:
    good = {"user_id": 505, "property_id": "p06", "kind": "view", "occurred_at": "2026-01-05T10:00:00Z"}
    items = [
        good,
        good | {"property_id": "never-was"},
        good | {"kind": "love"},
        good | {"occurred_at": "2999-01-01T00:00:00Z"},
        good | {"occurred_at": "2026-01-05T10:00:00"},
        good | {"occurred_at": 5},
        good | {"occurred_at": "0001-01-01T00:00:00+14:00"},
        good,
    ]
    answer = clients[0].post("/interactions", {"interactions": items})
    assert answer.status == 200
    outcomes = [result["status"] or result["error"]["code"] for result in answer.body["results"]]
    assert outcomes == ["stored", "NotFound", *["InvalidInput"] * 5, "replayed"]
    again = clients[0].post("/interactions", {"interactions": [good]})
    assert again.body["results"][0]["status"] == "replayed"


@pytest.mark.case(2)
@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 300])
def test_text_that_the_database_cannot_hold_is_422_and_the_next_requests_are_right(
    text: str, clients: list[ApiClient]
) -> None:
    refused = clients[0].put("/properties/p07", {"property": {"zipcode": text}})
    assert refused.status == 422
    for turn in range(100):
        client = clients[turn % 2]
        body = {"user_id": 600 + turn, "kind": "view"}
        answer = client.post("/properties/p08/feedback", body)
        assert (answer.status, answer.body["user_id"]) == (201, 600 + turn)


@pytest.mark.case(19)
def test_when_postgresql_is_down_feedback_is_503_and_reading_goes_on(
    clients: list[ApiClient], make_stores: Callable[[], Stores]
) -> None:
    stores = make_stores()
    stores.database = connect_to("postgresql+pg8000://twin_app:x@127.0.0.1:1/twin")
    with serving(stores):
        answer = clients[0].post("/properties/p01/feedback", {"user_id": 1, "kind": "like"})
        assert (answer.status, "retry-after" in answer.headers) == (503, True)
        assert clients[0].post("/recommend", {"user_id": 1}).status == 200
        assert clients[0].post("/predict", {"user_id": 1, "property_features": HOUSE}).status == 200


@pytest.mark.case(22)
def test_when_qdrant_is_down_feedback_is_stored_and_the_next_reindex_makes_it_good(
    clients: list[ApiClient], markets: list[Market], make_stores: Callable[[], Stores]
) -> None:
    stores = make_stores()
    stores.index = VectorIndex(NOWHERE, None, 0.5)
    with serving(stores, "feedback"):
        answer = clients[0].post("/properties/p09/feedback", {"user_id": 506, "kind": "like"})
        stored = clients[0].put("/properties/unindexed", {"property": HOUSE})
    assert (answer.status, answer.body["twin_updated"]) == (201, False)
    assert (stored.status, stored.body["indexed"]) == (200, False)
    assert "p09" in recommended(clients[0], 506)
    markets[0].reindex()
    assert "p09" not in recommended(clients[0], 506)
    assert "unindexed" in recommended(clients[0], 506)


@pytest.mark.case(11)
def test_two_tenants_alternating_a_thousand_times_never_see_a_mark_of_each_other(clients: list[ApiClient]) -> None:
    marks = ("mark-of-the-first", "mark-of-the-second")
    for client, mark in zip(clients, marks, strict=True):
        client.put(f"/properties/{mark}", {"property": {**HOUSE, "zipcode": mark}})

    def visit(turn: int) -> str:
        client, own, other = clients[turn % 2], marks[turn % 2], marks[1 - turn % 2]
        if turn % 10 < 2:
            assert client.get(f"/properties/{other}/similar").status == 404
            feedback = {"user_id": 700 + turn % 5, "kind": "view"}
            assert client.post(f"/properties/p{turn % 20:02d}/feedback", feedback).status == 201
        if turn % 4 < 2:
            answer = client.get("/properties/p01/similar?top_k=40")
        else:
            answer = client.post("/recommend", {"user_id": turn % 7, "top_k": 40})
        assert own in answer.text
        return answer.text if other in answer.text else ""

    loops: list[asyncio.AbstractEventLoop] = []

    def own_loop() -> None:  # Mangum runs one in the thread that calls it
        loops.append(asyncio.new_event_loop())
        asyncio.set_event_loop(loops[-1])

    with ThreadPoolExecutor(4, initializer=own_loop) as pool:
        assert set(pool.map(visit, range(ROUNDS))) == {""}
    for loop in loops:
        loop.close()
