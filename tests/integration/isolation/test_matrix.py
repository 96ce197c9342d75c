"""Every statement on every table, as the application's role, under the own tenant and under any other.

Tables come from PostgreSQL's catalogue, so that a new one is tried without a word here.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, MetaData, NullPool, Table, create_engine, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Executable

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.errors import sqlstate
from tests.integration.fixtures.database import Two

OPERATIONS = ("select", "insert", "update", "delete", "upsert")
STRANGERS = ("other", "none", "garbage")
REFUSED = "42501"
OF_NO_TENANT = {"alembic_version"}  # the number of the last migration, which the application cannot read
# A value for each column that must have one: a new table may need one more line.
VALUES: Mapping[str, Any] = {
    "name": "a name", "property_id": "house", "user_id": 7, "kind": "like", "field": "listing_price",
    "occurred_at": datetime(2026, 3, 1, tzinfo=UTC), "event_id": UUID(int=7),
}  # fmt: skip


@pytest.fixture(scope="module")
def tables(postgres_urls: Urls) -> list[Table]:
    """In the order in which they refer to each other."""
    found = MetaData()
    engine = create_engine(postgres_urls.owner, poolclass=NullPool)
    found.reflect(engine)
    return [table for table in found.sorted_tables if table.name not in OF_NO_TENANT]


@pytest.fixture
def app(postgres_urls: Urls) -> Iterator[Connection]:
    with create_engine(postgres_urls.app, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def own(postgres_urls: Urls, tables: list[Table], two_tenants: Two) -> UUID:
    """A tenant with one row in every table."""
    tenant = two_tenants[0]
    with create_engine(postgres_urls.owner, poolclass=NullPool).begin() as owner:
        become(owner, tenant)
        for table in tables:
            owner.execute(upsert(table).values(row_of(table, tenant)).on_conflict_do_nothing())
    return tenant


def become(connection: Connection, tenant: UUID | None) -> None:
    if tenant is not None:
        connection.execute(text("select app.set_tenant(:t)"), {"t": tenant})


def row_of(table: Table, tenant: UUID, **changed: Any) -> dict[str, Any]:
    """Every column that must have a value."""
    must = [column for column in table.columns if not column.nullable and column.server_default is None]
    return {column.name: tenant if column.name == "tenant_id" else VALUES[column.name] for column in must} | changed


def statement(operation: str, table: Table, tenant: UUID) -> Executable:
    """On the rows of this tenant."""
    theirs = table.c.tenant_id == tenant
    keys = [column.name for column in table.primary_key.columns]
    another: dict[str, Any] = {"property_id": uuid4().hex} if keys[-1] == "property_id" else {}
    another |= {"user_id": uuid4().int % 10**9} if keys[-1] == "user_id" else {}
    another |= {"event_id": uuid4()} if keys[-1] == "event_id" else {}
    another |= {"field": "bedrooms"} if keys[-1] == "field" else {}
    row = row_of(table, tenant)
    statements: dict[str, Executable] = {
        "select": select(func.count()).select_from(table).where(theirs),
        "insert": insert(table).values(row | another),
        "update": update(table).where(theirs).values(tenant_id=tenant),
        "delete": delete(table).where(theirs),
        "upsert": upsert(table).values(row).on_conflict_do_update(index_elements=keys, set_={"tenant_id": tenant}),
    }
    return statements[operation]


def tried(connection: Connection, operation: str, table: Table, tenant: UUID) -> int | str:
    """How many rows it saw or touched, or the state with which PostgreSQL refused it. Nothing of it stays."""
    attempt = connection.begin_nested()
    try:
        answer = connection.execute(statement(operation, table, tenant))
        return int(answer.scalar_one()) if operation == "select" else answer.rowcount
    except DBAPIError as error:
        return sqlstate(error.orig) or "no state"
    finally:
        attempt.rollback()


def test_the_own_tenant_sees_and_writes_what_its_role_may(app: Connection, tables: list[Table], own: UUID) -> None:
    become(app, own)
    seen = {(table.name, operation): tried(app, operation, table, own) for table in tables for operation in OPERATIONS}
    assert {table.name for table in tables} >= {"tenants", "properties", "users", "interactions"}
    assert {answer for (_, operation), answer in seen.items() if operation == "select"} == {1}
    for operation in OPERATIONS:  # so that a refusal of strangers means something
        assert 1 in {answer for (_, tried_one), answer in seen.items() if tried_one == operation}, operation
    assert set(seen.values()) <= {1, REFUSED, "23503"}  # refused where the role has no grant, or rows refer to it


@pytest.mark.case(12, 13)
@pytest.mark.parametrize("stranger", STRANGERS)
def test_under_any_other_tenant_no_statement_sees_or_touches_a_row(
    app: Connection, tables: list[Table], own: UUID, two_tenants: Two, stranger: str
) -> None:
    become(app, {"other": two_tenants[1], "none": None, "garbage": uuid4()}[stranger])
    seen = {(table.name, operation): tried(app, operation, table, own) for table in tables for operation in OPERATIONS}
    writes = {key: answer for key, answer in seen.items() if key[1] in ("insert", "upsert")}
    assert {answer for key, answer in seen.items() if key not in writes} <= {0, REFUSED}
    assert set(writes.values()) == {REFUSED}


def test_a_tenant_that_is_no_uuid_is_refused_before_any_row_is_looked_at(app: Connection, own: UUID) -> None:
    with pytest.raises(DBAPIError) as caught:
        app.execute(text("select app.set_tenant(cast(:t as uuid))"), {"t": "garbage' or true --"})
    assert sqlstate(caught.value.orig) == "22P02"


def test_the_barrier_is_what_holds_them_off(
    postgres_urls: Urls, tables: list[Table], own: UUID, two_tenants: Two, pipeline_database: Database
) -> None:
    """The mutation: without row-level security the other tenant sees every row."""
    with create_engine(postgres_urls.owner, poolclass=NullPool).connect() as owner:
        for table in tables:
            owner.execute(text(f"alter table {table.name} disable row level security"))
        become(owner, two_tenants[1])
        assert {tried(owner, "select", table, own) for table in tables} == {1}
        owner.rollback()
