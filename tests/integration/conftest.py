"""Real stores: one migrated PostgreSQL for the session, as production has it, and an S3 server for each module."""

import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import Any
from uuid import UUID

import pytest

from infra.local.stores import postgres
from infra.local.stores.postgres_server import home_for
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.settings import PipelineSettings
from tests.integration.fixtures.database import connect_to, make_tenant
from tests.integration.fixtures.index import Market, make_market
from tests.integration.fixtures.qdrant import index_over_http


@pytest.fixture(scope="session")
def postgres_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Urls]:
    state = tmp_path_factory.mktemp("postgres")
    yield postgres.start(state)
    postgres.stop(state)
    shutil.rmtree(home_for(state))


@pytest.fixture(scope="session")
def pipeline_database(postgres_urls: postgres.Urls) -> Iterator[Database]:
    """As the pipeline's role, which may list and make tenants."""
    with closing(connect_to(postgres_urls.pipeline)) as database:
        yield database


@pytest.fixture(scope="session")
def app_database(postgres_urls: postgres.Urls) -> Iterator[Database]:
    """As the role of the API's write side."""
    with closing(connect_to(postgres_urls.app)) as database:
        yield database


@pytest.fixture
def two_tenants(pipeline_database: Database) -> tuple[UUID, UUID]:
    """New ones for every test: nothing has to be cleared away."""
    return make_tenant(pipeline_database), make_tenant(pipeline_database)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """S3, the environment of this process pointing at it."""
    state = tmp_path_factory.mktemp("state")
    with S3Server(state, "test-models") as running, pytest.MonkeyPatch.context() as environment:
        for name, value in running.environment.items():
            environment.setenv(name, value)
        yield running


@pytest.fixture
def s3(server: S3Server) -> Any:
    """The client of `stores`: what is registered with its events happens to them alone."""
    return connect()


@pytest.fixture
def stores(server: S3Server, s3: Any, pipeline_database: Database) -> Stores:
    """As a step of the pipelines has them; their Qdrant answers nothing."""
    made = Stores(PipelineSettings(bucket=server.bucket, lease_seconds=60))
    made.bucket, made.database = Bucket(server.bucket, s3), pipeline_database
    return made


@pytest.fixture
def tenant(stores: Stores) -> Tenant:
    """A new one for every test."""
    return stores.of(make_tenant(stores.database))


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VectorIndex]:
    with index_over_http(tmp_path_factory.mktemp("qdrant")) as opened:
        yield opened


@pytest.fixture
def market(stores: Stores, index: VectorIndex) -> Market:
    stores.index = index
    return make_market(stores)
