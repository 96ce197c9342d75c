"""The reading routes on the Qdrant engine and S3, through API Gateway's event: two tenants, lists, models, reports."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
import safetensors.numpy

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.model.bundle.files import ATLAS
from portfolio_twin.settings import ReadSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.database import make_tenant
from tests.integration.fixtures.index import Market, live_markets
from tests.integration.fixtures.s3 import FIRST, SECOND, THIRD, bundle

REJECTED = "20261120T020000Z-0000000f"
VERDICT = {
    "decision": "rejected", "reasons": ["f1: 0.4, limit 0.6"], "kind": "twin", "instead": None,
    "gates": {"f1": {"value": 0.4, "limit": 0.6, "passed": False, "note": "0.4, limit 0.6"}},
    "measured": {"classification": {"f1": 0.4, "ece": 0.05}, "ranking": {"twin": {"ndcg_at_10": 0.3}}},
}  # fmt: skip


@pytest.fixture(scope="module")
def markets(server: S3Server, pipeline_database: Database, index: VectorIndex) -> list[Market]:
    made = live_markets(server, pipeline_database, index)
    made[0].tenant.bucket.runs.write_verdict(FIRST, "retrain", VERDICT | {"decision": "passed", "reasons": []})
    made[0].tenant.bucket.runs.write_verdict(REJECTED, "upload", VERDICT)
    objects, tenant = made[0].tenant.bucket.objects, made[0].tenant.tenant_id
    objects.write(keys.model(tenant, FIRST) + "report.html", b"<title>of the first</title>")
    return made


@pytest.fixture(autouse=True)
def functions(server: S3Server, index: VectorIndex) -> Iterator[None]:
    stores = Stores(ReadSettings(bucket=server.bucket))
    stores.index = index
    with serving(stores, "browse", "recommend"):
        yield


@pytest.fixture
def clients(markets: list[Market]) -> list[ApiClient]:
    return [ApiClient(market.tenant.tenant_id) for market in markets]


def pages(client: ApiClient, **body: Any) -> list[dict[str, Any]]:
    """The properties of all pages of three."""
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        answer = client.post("/properties/search", {"top_k": 3, "cursor": cursor, **body})
        assert answer.status == 200, answer.text
        found += answer.body["results"]
        if (cursor := answer.body["next_cursor"]) is None:
            return found


def test_page_after_page_the_catalogue_comes_whole_and_each_once(clients: list[ApiClient]) -> None:
    for client in clients:
        ids = [each["property_id"] for each in pages(client)]
        assert sorted({*ids} - {"only-here"}) == [f"p{i:02d}" for i in range(20)]
        assert len(ids) == len({*ids})
    condos = pages(clients[0], filters={"property_type": ["Condo"], "price": {"max": 300_000}}, user_id=1)
    assert len(condos) >= 20
    assert all(0 < each["affinity_score"] < 1 and 0 < each["confidence"] < 1 for each in condos)
    assert pages(clients[0], filters={"price": {"max": 1}}) == pages(clients[0], text="nothing") == []
    assert [each["property_id"] for each in pages(clients[0], text="p07")] == ["p07"]


def test_what_one_tenant_stores_no_list_of_another_shows(markets: list[Market], clients: list[ApiClient]) -> None:
    markets[0].put("only-here")
    markets[0].act(77, "only-here")
    markets[0].reindex()
    assert "only-here" in {each["property_id"] for each in pages(clients[0])}
    assert "only-here" not in {each["property_id"] for each in pages(clients[1])}
    assert pages(clients[1], text="only-here") == []
    known = [{each["user_id"] for each in client.get("/investors").body["investors"]} for client in clients]
    assert known == [{1, 2, 77}, {1, 2}]
    stranger = clients[1].get("/investors/77").body
    assert (stranger["strategy"], stranger["history"]) == ("popular", [])
    cursor = clients[0].post("/properties/search", {"top_k": 3}).body["next_cursor"]
    foreign = clients[1].post("/properties/search", {"top_k": 3, "cursor": cursor})
    assert "only-here" not in foreign.text


def test_an_investor_has_a_history_and_a_buy_box_that_recommend_takes(clients: list[ApiClient]) -> None:
    body = clients[0].get("/investors/1").body
    assert (body["strategy"], body["evidence"]) == ("twin", {"like": 1})
    (liked,) = body["history"]
    assert (liked["property_id"], liked["kind"], liked["property"]["property_type"]) == ("p01", "like", "Condo")
    assert datetime.fromisoformat(liked["occurred_at"]) == datetime.fromisoformat(body["moved_at"])
    filters = body["buy_box"]["filters"]
    assert clients[0].post("/recommend", {"user_id": 1, "filters": filters}).status == 200


def test_models_are_told_with_their_verdicts_the_rejected_ones_too(clients: list[ApiClient]) -> None:
    body = clients[0].get("/models").body
    assert (body["live"]["version"], body["live"]["previous"], body["live"]["promoted_by"]) == (FIRST, None, "test")
    told = {each["version"]: each for each in body["versions"]}
    assert list(told) == sorted(told, reverse=True)
    assert told.keys() == {FIRST, SECOND, REJECTED}
    assert told[REJECTED] == {
        "version": REJECTED, "kind": "twin", "created_at": "2026-11-20T02:00:00Z", "ndcg_at_10": 0.3, "f1": 0.4,
        "ece": 0.05, "decision": "rejected",
    }  # fmt: skip
    assert (told[FIRST]["decision"], told[SECOND]["decision"], told[SECOND]["f1"]) == ("passed", None, None)
    others = clients[1].get("/models").body["versions"]
    assert {each["decision"] for each in others} == {None}


def test_a_tenant_without_a_model_has_none_to_tell_of(pipeline_database: Database) -> None:
    assert ApiClient(make_tenant(pipeline_database)).get("/models").body == {"live": None, "versions": []}


def test_a_version_is_told_by_its_files(clients: list[ApiClient], markets: list[Market]) -> None:
    body = clients[0].get(f"/models/{FIRST}").body
    assert body["manifest"]["tenant_id"] == str(markets[0].tenant.tenant_id)
    assert body["gates"]["gates"]["f1"]["limit"] == 0.6
    rejected = clients[0].get(f"/models/{REJECTED}").body
    assert (rejected["manifest"], rejected["history"]) == (None, None)
    assert (rejected["gates"], rejected["metrics"]) == (VERDICT, VERDICT["measured"])
    theirs, missing = clients[1].get(f"/models/{REJECTED}"), clients[1].get("/models/20200101T000000Z-00000000")
    assert theirs.status == missing.status == 404
    assert theirs.body["error"]["message"] == missing.body["error"]["message"]


def test_a_link_opens_the_report_for_five_minutes_and_only_ones_own(clients: list[ApiClient]) -> None:
    body = clients[0].get(f"/models/{FIRST}/report").body
    with urlopen(body["url"]) as report:
        assert (report.read(), report.headers["content-type"]) == (b"<title>of the first</title>", "text/html")
    left = datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)
    assert 290 < left.total_seconds() <= 300
    theirs = clients[1].get(f"/models/{FIRST}/report").body["url"]
    assert (str(clients[0].tenant) in body["url"], str(clients[0].tenant) in theirs) == (True, False)
    assert clients[0].get(f"/models/{REJECTED}/report").status == 404


def test_the_atlas_comes_as_it_lies_in_the_bundle_and_may_be_kept_for_ever(
    clients: list[ApiClient], markets: list[Market]
) -> None:
    answer = clients[0].get(f"/atlas/{FIRST}")
    assert answer.body == markets[0].tenant.bucket.models.file(FIRST, ATLAS)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_an_atlas_that_is_too_large_to_answer_is_a_link(clients: list[ApiClient], markets: list[Market]) -> None:
    tenant, large = markets[0].tenant, "20261101T020000Z-000000aa"
    data = bytes(4_000_001)
    tenant.bucket.objects.write(keys.model(tenant.tenant_id, large) + ATLAS, data)
    answer = clients[0].get(f"/atlas/{large}")
    assert answer.status == 307
    with urlopen(answer.headers["location"]) as linked:
        assert linked.read() == data
    assert clients[1].get(f"/atlas/{large}").status == 404


def test_a_model_of_before_there_were_atlases_says_what_to_do(clients: list[ApiClient], markets: list[Market]) -> None:
    tenant = markets[1].tenant
    files = {name: data for name, data in bundle(tenant.tenant_id, THIRD).items() if name != ATLAS}
    tenant.bucket.models.publish(THIRD, files)
    answer = clients[1].get(f"/atlas/{THIRD}")
    assert (answer.status, "train the model anew" in answer.text) == (404, True)


def test_an_investor_sees_the_atlas_in_a_byte_a_property(clients: list[ApiClient]) -> None:
    answer = clients[0].get("/investors/1/atlas")
    tensors, about = safetensors.numpy.load(answer.body), header_of(answer.body)
    assert (len(tensors["affinity"]), len(tensors["confidence"])) == (60, 60)
    assert tensors["affinity"].dtype == tensors["confidence"].dtype == np.uint8
    assert (about["model_version"], about["strategy"], about["degraded"]) == (FIRST, "twin", "false")
    x, y = float(about["x"]), float(about["y"])
    assert 0 <= x <= 59
    assert x + y == pytest.approx(60_000, abs=0.2)  # on the line that the atlas is drawn on


def test_without_the_index_the_atlas_of_an_investor_is_what_training_knew(
    server: S3Server, clients: list[ApiClient]
) -> None:
    stores = Stores(ReadSettings(bucket=server.bucket))
    stores.index = VectorIndex("http://127.0.0.1:1", None, 0.5)
    with serving(stores, "browse"):
        answer = clients[0].get("/investors/1/atlas")
    assert (answer.status, header_of(answer.body)["degraded"]) == (200, "true")


def header_of(data: bytes) -> dict[str, str]:
    size = int.from_bytes(data[:8], "little")
    about: dict[str, str] = json.loads(data[8 : 8 + size])["__metadata__"]
    return about
