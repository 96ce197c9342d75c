"""A person's data: handed over whole, erased from rows and index at once, and from models when these are dropped."""

from collections.abc import Iterator

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.services.drop_versions import drop_old_versions
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.tenant import serving
from tests.integration.fixtures.index import Market, live_markets, stores_over
from tests.integration.fixtures.s3 import FIRST, SECOND, THIRD, bundle

OLD, NEWEST_SNAPSHOT = "20250105T020000Z-00000000", "20250112T020000Z-00000000"


@pytest.fixture(autouse=True)
def functions(server: S3Server, app_database: Database, index: VectorIndex) -> Iterator[None]:
    """As the application's role, which deletes nothing by itself."""
    stores = stores_over(WriteSettings(bucket=server.bucket), app_database, index)
    with serving(stores):
        yield


@pytest.fixture
def markets(server: S3Server, pipeline_database: Database, index: VectorIndex) -> list[Market]:
    return live_markets(server, pipeline_database, index)


@pytest.fixture
def market(markets: list[Market]) -> Market:
    return markets[0]


@pytest.fixture
def client(market: Market) -> ApiClient:
    return ApiClient(market.tenant.tenant_id)


def test_an_export_has_every_row_and_every_point_of_one_person(market: Market, client: ApiClient) -> None:
    market.act(1, "p07", "view")
    market.reindex()
    answer = client.get("/investors/1/export")
    assert answer.status == 200, answer.text
    assert sorted((row["property_id"], row["kind"]) for row in answer.body["interactions"]) == [
        ("p01", "like"), ("p07", "view"),
    ]  # fmt: skip
    (point,) = answer.body["index"]
    assert (point["model_version"], point["acted_on"], len(point["vector"])) == (FIRST, ["p01"], 16)
    assert {event[0] for event in point["history"]} == {"p01", "p07"}
    assert answer.body["learnt_by"] == [FIRST, SECOND]
    assert answer.body["cursor"] is None


def test_an_erased_person_has_no_row_and_no_point_of_any_version_and_the_others_keep_theirs(
    market: Market, client: ApiClient
) -> None:
    market.reindex(SECOND)
    others = client.get("/investors/2/export").body
    answer = client.delete("/investors/1")
    expected = {"user_id": 1, "interactions": 1, "points": 2, "index_updated": True, "still_in": [FIRST, SECOND]}
    assert (answer.status, answer.body) == (200, expected)
    assert client.get("/investors/1/export").status == 404
    assert [market.index(version).get_user(1) for version in (FIRST, SECOND)] == [None, None]
    assert client.post("/recommend", {"user_id": 1}).body["strategy"] == "popular"
    assert client.get("/investors/2/export").body == others


def test_erasing_again_or_another_tenants_person_is_404(markets: list[Market], client: ApiClient) -> None:
    markets[1].act(77, "p01")
    assert client.delete("/investors/77").status == 404
    assert [client.delete("/investors/1").status for _ in range(2)] == [200, 404]


def test_what_a_reindex_under_way_wrote_of_an_erased_person_goes_with_the_next(
    market: Market, client: ApiClient
) -> None:
    point = market.index().get_user(1)
    assert point is not None
    client.delete("/investors/1")
    market.index().upsert_users([point])
    market.reindex()
    assert market.index().get_user(1) is None
    assert market.index().get_user(2) is not None


def test_old_versions_are_dropped_but_not_the_live_one_nor_the_one_before_nor_what_they_learnt_from(
    market: Market,
) -> None:
    tenant = market.tenant
    bucket, tenant_id = tenant.bucket, tenant.tenant_id
    bucket.models.publish(THIRD, bundle(tenant_id, THIRD))
    live = bucket.models.promote(THIRD, "test", bucket.models.live())
    kept = keys.snapshot(tenant_id, NEWEST_SNAPSHOT) + "manifest.json"
    dropped = [made(tenant_id, OLD) + "manifest.json" for made in (keys.snapshot, keys.training, keys.upload)]
    dropped.append(keys.indexed_until(tenant_id, OLD))
    for key in (kept, *dropped):
        bucket.objects.write(key, b"1")
    assert drop_old_versions(market.run(THIRD), live, keep_days=60) == len(dropped)
    assert [bucket.objects.find(key) is None for key in (kept, *dropped)] == [False, True, True, True, True]
    assert bucket.models.versions() == [FIRST, SECOND, THIRD]  # the second is neither, but not old yet
    drop_old_versions(market.run(THIRD), live, keep_days=0)
    assert bucket.models.versions() == [FIRST, THIRD]
