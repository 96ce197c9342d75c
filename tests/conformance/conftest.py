"""The whole API on real stores, as the gateway serves it: each request an event through Mangum, each with a token."""

from collections.abc import Iterator
from pathlib import Path

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
from tests.integration.fixtures.index import live_markets

__all__ = ["app_database", "index", "pipeline_database", "postgres_urls", "server"]  # pytest finds them by name here


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory,
    server: S3Server,
    pipeline_database: Database,
    app_database: Database,
    index: VectorIndex,
) -> Iterator[tuple[str, str]]:
    """Its address, and the token of a tenant that has a market."""
    state: Path = tmp_path_factory.mktemp("gateway")
    market, _ = live_markets(server, pipeline_database, index)
    stores = Stores(WriteSettings(bucket=server.bucket))
    stores.database, stores.index = app_database, index
    with serving(stores):
        yield gateway.start(state, 0), issue_token(state, market.tenant.tenant_id)
