"""Whatever the network does to PostgreSQL or Qdrant: an answer in time, the right one or a 503, and healed at once."""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import make_url, text

from infra.local.stores.postgres import Urls
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import Answer, ApiClient
from tests.fakes.fault_proxy import Fault, FaultProxy, proxied
from tests.fakes.tenant import serving
from tests.integration.fixtures.database import connect_to
from tests.integration.fixtures.index import Market, live_markets

FAULTS: tuple[Fault, ...] = ("latency", "reset", "black hole", "slow drip", "half close")
OF_POSTGRESQL = tuple(fault for fault in FAULTS if fault != "slow drip")  # its driver limits single reads alone
QDRANT_SECONDS, DATABASE_SECONDS = 1.0, 1.0
IN_TIME_SECONDS = 24.0  # below API Gateway's 30: a request meets the fault in every store call that it makes
HOUSE = {"listing_price": 310_000.0, "square_footage": 1450.0, "property_type": "Condo"}


@pytest.fixture(scope="module")
def market(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Market:
    return live_markets(server, pipeline_database, index)[0]


@pytest.fixture(scope="module")
def qdrant(index: VectorIndex) -> Iterator[FaultProxy]:
    with proxied(("127.0.0.1", urlsplit(index._connection.url).port or 0)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def postgres(postgres_urls: Urls) -> Iterator[FaultProxy]:
    with proxied(str(make_url(postgres_urls.app).query["unix_sock"])) as proxy:
        yield proxy


@pytest.fixture
def client(
    server: S3Server, market: Market, qdrant: FaultProxy, postgres: FaultProxy, postgres_urls: Urls
) -> Iterator[ApiClient]:
    """Its functions reach both stores through a proxy; both are healed afterwards."""
    url = make_url(postgres_urls.app).difference_update_query(["unix_sock"])
    url = url.set(host="127.0.0.1", port=postgres.port).update_query_dict({"sslmode": "disable"})
    stores = Stores(WriteSettings(bucket=server.bucket))
    through = url.render_as_string(hide_password=False)
    with closing(connect_to(through, connect_seconds=1, statement_seconds=DATABASE_SECONDS)) as database:
        stores.database = database
        stores.index = VectorIndex(f"http://127.0.0.1:{qdrant.port}", None, QDRANT_SECONDS)
        with closing(stores.index), serving(stores):
            yield ApiClient(market.tenant.tenant_id)
            qdrant.fault = postgres.fault = None


def timed(client: ApiClient, method: str, path: str, body: Any = None, **options: Any) -> Answer:
    started = time.monotonic()
    answer = client.send(method, path, body, **options)
    assert time.monotonic() - started < IN_TIME_SECONDS
    return answer


def like(client: ApiClient, key: str) -> Answer:
    headers = {"Idempotency-Key": key}
    return timed(client, "POST", "/properties/p03/feedback", {"user_id": 900, "kind": "like"}, headers=headers)


@pytest.mark.case(22)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_way_to_qdrant_degrades_what_is_answered_and_loses_nothing(
    client: ApiClient, qdrant: FaultProxy, fault: Fault
) -> None:
    assert timed(client, "POST", "/recommend", {"user_id": 1}).status == 200
    qdrant.fault = fault
    late = fault == "latency"  # slow is not down
    predicted = timed(client, "POST", "/predict", {"user_id": 1, "property_features": HOUSE})
    assert (predicted.status, predicted.body["degraded"]) == (200, not late)
    recommended = timed(client, "POST", "/recommend", {"user_id": 1})
    assert recommended.status == (200 if late else 503)
    if not late:
        assert (recommended.body["error"]["code"], "retry-after" in recommended.headers) == ("IndexUnavailable", True)
    stored = like(client, uuid4().hex)
    assert (stored.status, stored.body["twin_updated"]) == (201, late)
    qdrant.fault = None
    healed = timed(client, "POST", "/predict", {"user_id": 1, "property_features": HOUSE})
    assert (healed.status, healed.body["degraded"]) == (200, False)


@pytest.mark.case(20, 21)
@pytest.mark.parametrize("fault", OF_POSTGRESQL)
def test_a_faulty_way_to_postgresql_is_a_503_and_a_retry_with_the_key_stores_one_row(
    client: ApiClient, market: Market, postgres: FaultProxy, fault: Fault
) -> None:
    key = uuid4().hex
    assert like(client, uuid4().hex).status == 201  # a connection is in the pool
    postgres.fault = fault
    first = like(client, key)
    assert first.status in ((201, 503) if fault == "latency" else (503,))
    assert timed(client, "POST", "/recommend", {"user_id": 1}).status == 200  # needs no facts
    postgres.fault = None
    again = like(client, key)
    assert again.status == 201
    count = text("select count(*) from interactions where idempotency_key = :key")
    with market.tenant.session() as session:
        assert session.execute(count, {"key": key}).scalar_one() == 1
