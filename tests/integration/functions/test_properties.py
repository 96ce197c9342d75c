"""Properties by their id, on real stores: read, replaced, changed, deleted, and many at once."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import live_markets, stores_over
from tests.integration.fixtures.s3 import FIRST

HOUSE = {
    "listing_price": 310_000.0,
    "bedrooms": 3.0,
    "property_type": "Condo",
    "attributes": {"pool": True, "view": "river"},
}


@pytest.fixture(scope="module")
def clients(server: S3Server, pipeline_database: Database, index: VectorIndex) -> list[ApiClient]:
    """Two tenants with the same property ids and live models."""
    markets = live_markets(server, pipeline_database, index)
    return [ApiClient(market.tenant.tenant_id) for market in markets]


@pytest.fixture(autouse=True)
def functions(server: S3Server, app_database: Database, index: VectorIndex) -> Iterator[None]:
    stores = stores_over(WriteSettings(bucket=server.bucket), app_database, index)
    with serving(stores):
        yield


@pytest.fixture
def client(clients: list[ApiClient]) -> ApiClient:
    return clients[0]


def stored(client: ApiClient, property_id: str) -> dict[str, Any]:
    answer = client.get(f"/properties/{property_id}")
    assert answer.status == 200, answer.text
    return {name: value for name, value in answer.body["property"].items() if value not in (None, {})}


def recommended(client: ApiClient, property_id: str) -> dict[str, Any] | None:
    answer = client.post("/recommend", {"user_id": 900, "candidate_property_ids": [property_id]})
    return next((item["property"] for item in answer.body["recommendations"]), None)


def test_a_property_is_told_with_where_the_live_model_draws_it(client: ApiClient) -> None:
    for name in ("p3", "unheard-of"):
        client.put(f"/properties/{name}", {"property": HOUSE})
    known, new = (client.get(f"/properties/{name}").body for name in ("p3", "unheard-of"))
    assert (known["place"], known["model_version"]) == ({"x": 3, "y": 59_997}, FIRST)  # as the bundle draws it
    assert new["place"]["x"] + new["place"]["y"] == pytest.approx(60_000)  # between those nearest to it


def test_put_replaces_the_whole_property(client: ApiClient) -> None:
    client.put("/properties/whole", {"property": HOUSE})
    assert stored(client, "whole") == HOUSE
    client.put("/properties/whole", {"property": {"bedrooms": 4.0}})
    assert stored(client, "whole") == {"bedrooms": 4.0}


def test_patch_changes_what_is_sent_and_leaves_the_rest(client: ApiClient) -> None:
    client.put("/properties/part", {"property": HOUSE | {"confidence": 0.9}})
    sent = {"listing_price": 299_000.0, "property_type": None, "attributes": {"view": "hill", "pool": None}}
    answer = client.patch("/properties/part", {"property": sent})
    assert (answer.status, answer.body["indexed"]) == (200, True)
    now = {"listing_price": 299_000.0, "bedrooms": 3.0, "attributes": {"view": "hill"}, "confidence": 0.9}
    assert stored(client, "part") == now == recommended(client, "part")
    assert answer.body["property"]["listing_price"] == 299_000.0
    client.patch("/properties/part", {"property": {}})
    assert stored(client, "part") == now


def test_a_property_that_is_deleted_is_found_nowhere(client: ApiClient) -> None:
    client.put("/properties/gone", {"property": HOUSE})
    assert recommended(client, "gone") is not None
    answer = client.delete("/properties/gone")
    assert (answer.status, answer.body) == (200, {"property_id": "gone", "index_updated": True})
    assert client.get("/properties/gone").status == client.delete("/properties/gone").status == 404
    assert recommended(client, "gone") is None


@pytest.mark.parametrize("property_id", ["MLS/2026/7", "50% off", "a%2Fb", "ä ö?#&", "similar"])
def test_any_id_is_reached_when_it_is_encoded(client: ApiClient, property_id: str) -> None:
    path = f"/properties/{quote(property_id, safe='')}"
    assert client.put(path, {"property": HOUSE}).body["property_id"] == property_id
    assert client.get(path).body["property_id"] == property_id
    assert stored(client, quote(property_id, safe="")) == HOUSE == recommended(client, property_id)
    assert client.get(f"{path}/similar").status == client.get(f"{path}/audience").status == 200
    assert client.post(f"{path}/feedback", {"user_id": 901, "kind": "view"}).body["property_id"] == property_id


def test_a_property_that_was_acted_on_cannot_be_deleted(client: ApiClient) -> None:
    answer = client.delete("/properties/p01")
    assert (answer.status, answer.body["error"]["code"]) == (409, "PropertyInUse")
    assert client.get("/properties/p01").status == 200


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_anothers_property_is_the_same_404_as_a_missing_one(clients: list[ApiClient], method: str) -> None:
    clients[0].put("/properties/only-mine", {"property": HOUSE})
    body = {"property": {"bedrooms": 1.0}} if method == "PATCH" else None
    theirs, missing = (clients[1].send(method, f"/properties/{name}", body) for name in ("only-mine", "never-was"))
    assert theirs.status == missing.status == 404
    assert theirs.body["error"]["message"] == missing.body["error"]["message"]
    assert stored(clients[0], "only-mine") == HOUSE


def test_many_properties_get_one_result_each_in_their_order(client: ApiClient) -> None:
    items: list[Any] = [{"property_id": f"many{i}", "property": HOUSE} for i in range(300)]
    items[7] = {"property_id": "many7", "property": {"lat": 91.0}}
    items[8] = {"property": HOUSE}
    items[9] = {"property_id": "many0", "property": {}}
    items[10] = 3
    answer = client.post("/properties", {"properties": items})
    assert (answer.status, answer.body["indexed"], len(answer.body["results"])) == (200, True, 300)
    wrong = {i: result["error"]["message"] for i, result in enumerate(answer.body["results"]) if result["error"]}
    assert wrong.keys() == {7, 8, 9, 10}
    assert "lat" in wrong[7]
    assert "before" in wrong[9]
    assert stored(client, "many0") == stored(client, "many299") == recommended(client, "many299") == HOUSE
    assert client.get("/properties/many7").status == 404


@pytest.mark.parametrize("count", [0, 1_001])
def test_too_few_or_too_many_properties_are_422_and_nothing_is_stored(client: ApiClient, count: int) -> None:
    items = [{"property_id": f"over{i}", "property": HOUSE} for i in range(count)]
    assert client.post("/properties", {"properties": items}).status == 422
    assert client.get("/properties/over0").status == 404


def test_when_all_items_are_wrong_nothing_is_stored_and_each_is_told(client: ApiClient) -> None:
    answer = client.post("/properties", {"properties": [{}, {"property_id": "x"}]})
    assert [result["error"]["code"] for result in answer.body["results"]] == ["InvalidInput"] * 2


def test_the_confidence_of_a_property_is_the_mean_of_its_fields(client: ApiClient) -> None:
    said = {"property": HOUSE, "field_confidence": {"listing_price": 0.9, "bedrooms": 0.4}}
    assert client.put("/properties/trusted", said).status == 200
    answer = client.get("/properties/trusted").body
    assert answer["field_confidence"] == said["field_confidence"]
    assert answer["property"]["confidence"] == pytest.approx(0.65)
    assert (recommended(client, "trusted") or {})["confidence"] == pytest.approx(0.65)
    client.put("/properties/trusted", said | {"property": HOUSE | {"confidence": 0.2}})
    answer = client.get("/properties/trusted").body  # the third field has the property's own
    assert answer["field_confidence"] == {"listing_price": 0.9, "bedrooms": 0.4, "property_type": 0.2}
    assert (
        answer["property"]["confidence"] == pytest.approx(0.5) == (recommended(client, "trusted") or {})["confidence"]
    )


def test_what_is_said_of_a_field_counts_though_the_field_itself_is_as_it_was(client: ApiClient) -> None:
    for trust in ({"bedrooms": 0.3}, {"bedrooms": 0.8}, {}):
        client.put("/properties/same", {"property": HOUSE, "field_confidence": trust})
        assert client.get("/properties/same").body["field_confidence"] == trust
        assert (recommended(client, "same") or {}).get("confidence") == trust.get("bedrooms")


def test_a_change_says_how_far_what_it_changes_can_be_trusted(client: ApiClient) -> None:
    client.put("/properties/changed", {"property": HOUSE, "field_confidence": {"listing_price": 0.9, "bedrooms": 0.4}})
    change = {"property": {"bedrooms": 4.0}, "field_confidence": {"bedrooms": 0.6}}
    answer = client.patch("/properties/changed", change)
    assert answer.body["property"]["confidence"] == pytest.approx(0.75)
    assert client.get("/properties/changed").body["field_confidence"] == {"listing_price": 0.9, "bedrooms": 0.6}
    client.patch("/properties/changed", {"property": {"bedrooms": None}})
    assert client.get("/properties/changed").body["field_confidence"] == {"listing_price": 0.9}


def test_of_many_each_says_it_for_itself(client: ApiClient) -> None:
    items: list[Any] = [
        {"property_id": f"said{i}", "property": HOUSE, "field_confidence": {"bedrooms": i / 4}} for i in range(5)
    ]
    items[4]["field_confidence"] = {"bathrooms": 0.5}
    results = client.post("/properties", {"properties": items}).body["results"]
    assert [bool(each["error"]) for each in results] == [False] * 4 + [True]
    assert "states no bathrooms" in results[4]["error"]["message"]
    assert [client.get(f"/properties/said{i}").body["property"]["confidence"] for i in range(4)] == [0, 0.25, 0.5, 0.75]


@pytest.mark.parametrize(
    "trust", [{"bedrooms": 1.1}, {"bedrooms": "1"}, {"beds": 0.5}, {"confidence": 0.5}, {"lat": 0.5}, 3]
)
def test_a_confidence_of_nothing_or_out_of_range_is_422(client: ApiClient, trust: Any) -> None:
    answer = client.put("/properties/wrong", {"property": HOUSE, "field_confidence": trust})
    assert answer.status == 422
    assert client.get("/properties/wrong").status == 404
