"""One migrated PostgreSQL for the session, as production has it: a non-owner role, row-level security, two tenants."""

import shutil
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import insert

from infra.local.stores import postgres
from infra.local.stores.postgres_server import home_for
from portfolio_twin.adapters.postgres.database import Database, DatabaseAccess
from portfolio_twin.adapters.postgres.tables import tenants


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


def make_tenant(database: Database) -> UUID:
    tenant_id = uuid4()
    with database.tenant_session(tenant_id) as session:
        session.execute(insert(tenants).values(tenant_id=tenant_id, name=f"tenant {tenant_id}"))
        session.commit()
    return tenant_id
