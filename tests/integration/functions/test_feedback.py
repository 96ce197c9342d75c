"""Thumbs on real stores: given, taken back, with what decided them; the very next answer has it."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.activity_counts import activity_counts
from portfolio_twin.adapters.postgres.copy_reads import copy_data
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import Market, live_markets, stores_over


@pytest.fixture(scope="module")
def market(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Market:
    return live_markets(server, pipeline_database, index)[0]


@pytest.fixture
def client(market: Market) -> ApiClient:
    return ApiClient(market.tenant.tenant_id)


@pytest.fixture
def stores(server: S3Server, app_database: Database, index: VectorIndex) -> Stores:
    return stores_over(WriteSettings(bucket=server.bucket), app_database, index)


@pytest.fixture(autouse=True)
def functions(stores: Stores) -> Iterator[None]:
    with serving(stores):
        yield


def thumb(client: ApiClient, user: int, kind: str, property_id: str = "p03", **more: Any) -> dict[str, Any]:
    answer = client.post(f"/properties/{property_id}/feedback", {"user_id": user, "kind": kind} | more)
    assert (answer.status, answer.body["twin_updated"]) == (201, True), answer.text
    return dict(answer.body)


def answers(client: ApiClient, user: int) -> dict[str, Any]:
    """What is said about p03, and what is recommended."""
    predicted = client.post("/predict", {"user_id": user, "property_id": "p03"}).body
    listed = client.post("/recommend", {"user_id": user, "top_k": 50}).body["recommendations"]
    return {**predicted, "listed": [each["property_id"] for each in listed]}


def test_who_takes_back_all_that_they_did_is_as_one_who_did_nothing(client: ApiClient) -> None:
    before = answers(client, 801)
    for kind in ("like", "dislike"):
        thumb(client, 801, kind)
        assert answers(client, 801) != before
        assert "p03" not in answers(client, 801)["listed"]
        thumb(client, 801, "clear")
        assert answers(client, 801) == before


def test_taking_back_leaves_what_was_done_besides(client: ApiClient) -> None:
    thumb(client, 802, "deal", "p05")
    thumb(client, 802, "view")
    before = answers(client, 802)
    thumb(client, 802, "like")
    thumb(client, 802, "clear")
    assert answers(client, 802) == before
    assert "p05" not in before["listed"]


def test_a_thumb_after_it_counts_again(client: ApiClient) -> None:
    thumb(client, 803, "like")
    liked = answers(client, 803)
    thumb(client, 803, "clear")
    thumb(client, 803, "like")
    assert answers(client, 803)["affinity_score"] == pytest.approx(liked["affinity_score"], abs=0.02)
    assert answers(client, 803)["acted_on"] is True


def test_training_and_activity_do_not_see_what_was_taken_back(
    client: ApiClient, market: Market, app_database: Database
) -> None:
    def seen() -> tuple[int, float]:
        with app_database.tenant_session(market.tenant.tenant_id) as session:
            return len(copy_data(session).log), float(activity_counts(session, ["p03"], [0])[0, 0])

    log, activity = seen()
    thumb(client, 804, "like")
    assert seen() == (log + 1, activity + 1)
    thumb(client, 804, "clear")
    assert seen() == (log, activity)


def test_the_history_keeps_what_decided_it(client: ApiClient, market: Market, stores: Stores) -> None:
    answer = thumb(client, 805, "dislike", because=["listing_price", "attributes.pool"])
    assert answer["because"] == ["listing_price", "attributes.pool"]
    thumb(client, 805, "like", "p04")
    tenant = stores.of(market.tenant.tenant_id)
    for _ in range(2):  # at once, and by the next reindex
        point = tenant.index(tenant.twin().version).get_user(805)
        assert point is not None
        said = {event.property_id: list(event.because) for event in point.history}
        assert said == {"p03": ["listing_price", "attributes.pool"], "p04": []}
        market.reindex()
    told = client.get("/investors/805").body["history"]
    assert [(each["property_id"], each["because"]) for each in told] == [
        ("p04", []),
        ("p03", ["listing_price", "attributes.pool"]),
    ]


def test_the_same_key_with_another_reason_is_422(client: ApiClient) -> None:
    def send(*because: str) -> Any:
        body = {"user_id": 806, "kind": "dislike", "because": list(because)}
        return client.post("/properties/p03/feedback", body, headers={"Idempotency-Key": "why"})

    assert (send("lat").status, send("lat").status, send("lon").status, send().status) == (201, 201, 422, 422)


def test_other_systems_take_thumbs_back_too(client: ApiClient) -> None:
    event = {"user_id": 807, "property_id": "p03", "kind": "like", "occurred_at": "2026-01-05T10:00:00Z"}
    before = answers(client, 807)
    items = [event | {"because": ["bedrooms"]}, event | {"kind": "clear", "occurred_at": "2026-01-05T10:00:01Z"}]
    answer = client.post("/interactions", {"interactions": items})
    assert [each["status"] for each in answer.body["results"]] == ["stored", "stored"]
    assert answers(client, 807) == before
    same_second = event | {"user_id": 808}
    client.post("/interactions", {"interactions": [same_second | {"kind": "clear"}, same_second]})
    assert answers(client, 808)["acted_on"] is False  # of one moment the taking back is the last


def test_what_was_taken_back_while_the_index_was_down_is_gone_after_the_next_reindex(
    client: ApiClient, market: Market, stores: Stores
) -> None:
    before = answers(client, 809)
    thumb(client, 809, "like")
    stores.index = VectorIndex("http://127.0.0.1:1", None, 0.5)
    answer = client.post("/properties/p03/feedback", {"user_id": 809, "kind": "clear"})
    assert (answer.status, answer.body["twin_updated"]) == (201, False)
    stores.index = market.tenant.stores.index
    assert answers(client, 809) != before
    market.reindex()
    after = answers(client, 809)
    assert (after["strategy"], after["acted_on"]) == ("popular", False)
    assert np.isclose(after["affinity_score"], before["affinity_score"], atol=0.02)
