"""A tenant whose functions reach PostgreSQL and Qdrant through a proxy each."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from urllib.parse import urlsplit

import pytest
from sqlalchemy import make_url

from infra.local.stores.postgres import Urls
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import WriteSettings
from tests.fakes.api_client import ApiClient
from tests.fakes.fault_proxy import FaultProxy, proxied
from tests.fakes.tenant import serving
from tests.integration.fixtures.database import connect_to
from tests.integration.fixtures.index import Market, live_markets, stores_over

Reach = Callable[[float], Stores]  # with so many seconds as the limit of each store


@pytest.fixture(scope="module")
def market(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Market:
    return live_markets(server, pipeline_database, index)[0]


@pytest.fixture(scope="module")
def qdrant_proxy(index: VectorIndex) -> Iterator[FaultProxy]:
    with proxied(("127.0.0.1", urlsplit(index._connection.url).port or 0)) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def postgres_proxy(postgres_urls: Urls) -> Iterator[FaultProxy]:
    with proxied(str(make_url(postgres_urls.app).query["unix_sock"])) as proxy:
        yield proxy


@pytest.fixture
def qdrant(qdrant_proxy: FaultProxy) -> Iterator[FaultProxy]:
    """Healed afterwards."""
    yield qdrant_proxy
    qdrant_proxy.heal()


@pytest.fixture
def postgres(postgres_proxy: FaultProxy) -> Iterator[FaultProxy]:
    yield postgres_proxy
    postgres_proxy.heal()


@pytest.fixture
def reach(server: S3Server, qdrant: FaultProxy, postgres: FaultProxy, postgres_urls: Urls) -> Iterator[Reach]:
    """Stores behind the proxies."""
    url = make_url(postgres_urls.app).difference_update_query(["unix_sock"])
    url = url.set(host="127.0.0.1", port=postgres.port).update_query_dict({"sslmode": "disable"})
    through = url.render_as_string(hide_password=False)

    with ExitStack() as opened:

        def make(seconds: float) -> Stores:
            database = connect_to(through, connect_seconds=seconds, statement_seconds=seconds)
            index = VectorIndex(f"http://127.0.0.1:{qdrant.port}", None, seconds)
            opened.enter_context(closing(database))
            opened.enter_context(closing(index))
            return stores_over(WriteSettings(bucket=server.bucket), database, index)

        yield make
        qdrant.heal()
        postgres.heal()


@pytest.fixture
def client(reach: Reach, market: Market) -> Iterator[ApiClient]:
    """Of functions that wait a second for each store."""
    with serving(reach(1.0)):
        yield ApiClient(market.tenant.tenant_id)
