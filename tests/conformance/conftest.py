"""The whole API on real stores, as the gateway serves it: each request an event through Mangum, each with a token."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from infra.local.cloud import gateway
from infra.local.stores.s3_server import S3Server
from infra.local.twin.tokens import issue_token
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import WriteSettings
from tests.fakes.tenant import serving
from tests.integration.conftest import app_database, index, pipeline_database, postgres_urls, server
from tests.integration.fixtures.index import Market, live_markets, stores_over

__all__ = ["app_database", "index", "pipeline_database", "postgres_urls", "server"]  # pytest finds them by name here


class Api(NamedTuple):
    url: str
    token: str  # of a tenant that has a market


@pytest.fixture(scope="module")
def market(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Market:
    return live_markets(server, pipeline_database, index)[0]


@pytest.fixture(scope="module")
def stores(server: S3Server, app_database: Database, index: VectorIndex) -> Stores:
    return stores_over(WriteSettings(bucket=server.bucket), app_database, index)


@pytest.fixture
def api(market: Market, stores: Stores, tmp_path: Path) -> Iterator[Api]:
    with serving(stores):
        yield Api(gateway.start(tmp_path, 0), issue_token(tmp_path, market.tenant.tenant_id))
