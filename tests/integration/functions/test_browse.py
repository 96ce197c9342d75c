"""The reading routes on the Qdrant engine and S3, through API Gateway's event: two tenants, lists, models, reports."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.request import urlopen

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import ReadSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.database import make_tenant
from tests.integration.fixtures.index import Market, live_markets
from tests.integration.fixtures.s3 import FIRST, SECOND

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
    assert list(told) == sorted((FIRST, SECOND, REJECTED), reverse=True)
    assert told[REJECTED] == {
        "version": REJECTED, "kind": "twin", "created_at": "2026-11-20T02:00:00Z", "ndcg_at_10": 0.3, "f1": 0.4,
        "ece": 0.05, "decision": "rejected",
    }  # fmt: skip
    assert (told[FIRST]["decision"], told[SECOND]["decision"], told[SECOND]["f1"]) == ("passed", None, None)
    others = clients[1].get("/models").body["versions"]
    assert [each["decision"] for each in others] == [None, None]


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
