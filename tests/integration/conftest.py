"""Real stores: one migrated PostgreSQL for the session, as production has it, and an S3 server for each module."""

import shutil
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from infra.local.stores import postgres
from infra.local.stores.postgres_server import home_for
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database, DatabaseAccess
from portfolio_twin.adapters.postgres.tables import tenants
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.settings import PipelineSettings


@pytest.fixture(scope="session")
def postgres_urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[postgres.Urls]:
    state = tmp_path_factory.mktemp("postgres")
    yield postgres.start(state)
    postgres.stop(state)
    shutil.rmtree(home_for(state))


@pytest.fixture(scope="session")
def pipeline_database(postgres_urls: postgres.Urls) -> Iterator[Database]:
    """As the pipeline's role, which may list and make tenants."""
    opened = Database(DatabaseAccess(SecretStr(postgres_urls.pipeline)))
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def app_database(postgres_urls: postgres.Urls) -> Iterator[Database]:
    """As the role of the API's write side."""
    opened = Database(DatabaseAccess(SecretStr(postgres_urls.app)))
    yield opened
    opened.close()


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


def make_tenant(database: Database) -> UUID:
    tenant_id = uuid4()
    with database.tenant_session(tenant_id) as session:
        session.execute(insert(tenants).values(tenant_id=tenant_id, name=f"tenant {tenant_id}"))
        session.commit()
    return tenant_id
