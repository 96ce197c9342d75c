"""No tenant sees or touches another's rows: proved as the application's own role, against a real PostgreSQL."""

from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue, copy_log, copy_property_ids
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.errors import sqlstate
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.postgres.tables import metadata
from portfolio_twin.errors import NotFound
from tests.integration.fixtures.database import HOUSE, Two, add, counts, interaction, put

TABLES = sorted(metadata.tables)
REFUSED = "42501"
UNPROTECTED = text("""
    select c.relname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname in ('public', 'app') and (
        (c.relkind in ('r', 'p') and not (c.relrowsecurity and c.relforcerowsecurity))
        or (c.relkind = 'v' and not coalesce('security_invoker=true' = any(c.reloptions), false))
        or c.relkind = 'm')
    order by 1
""")


@pytest.fixture
def app(postgres_urls: Urls) -> Iterator[Connection]:
    with create_engine(postgres_urls.app, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def owner(postgres_urls: Urls) -> Iterator[Connection]:
    with create_engine(postgres_urls.owner, poolclass=NullPool).connect() as connection:
        yield connection


@pytest.fixture
def one(app_database: Database, two_tenants: Two) -> UUID:
    """The first of two tenants, which has a house."""
    put(app_database, two_tenants[0])
    return two_tenants[0]


@pytest.fixture
def other(two_tenants: Two) -> UUID:
    return two_tenants[1]


def refused(connection: Connection, statement: str) -> bool:
    """Whether PostgreSQL says that this role may not."""
    with pytest.raises(DBAPIError) as caught, connection.begin_nested():
        connection.execute(text(statement))
    return sqlstate(caught.value.orig) == REFUSED


@pytest.mark.case(13)
def test_no_table_and_no_view_is_without_forced_row_level_security(owner: Connection) -> None:
    assert owner.execute(UNPROTECTED).scalars().all() == []


@pytest.mark.case(13)
@pytest.mark.parametrize(
    "made",
    [
        "create table leak (tenant_id uuid)",
        "create table leak (tenant_id uuid); alter table leak enable row level security",
        "create view leak as select * from properties",
        "create materialized view leak as select * from properties",
    ],
)
def test_a_new_table_or_view_without_it_would_be_noticed(owner: Connection, made: str) -> None:
    owner.execute(text(made))
    assert owner.execute(UNPROTECTED).scalars().all() == ["leak"]
    owner.rollback()


def test_the_tables_of_the_code_are_those_of_the_migrations(owner: Connection) -> None:
    context = MigrationContext.configure(owner, opts={"compare_type": True})
    assert compare_metadata(context, metadata) == []


def test_every_key_begins_with_the_tenant(owner: Connection) -> None:
    keys = owner.execute(
        text("""
        select conname, (select attname from pg_attribute where attrelid = conrelid and attnum = conkey[1])
        from pg_constraint where contype in ('p', 'f') and connamespace = 'public'::regnamespace
    """)
    ).all()
    assert len(keys) == len(TABLES) + 5
    assert {first for _, first in keys} == {"tenant_id"}


@pytest.mark.case(12)
def test_without_a_tenant_there_are_no_rows(app: Connection, one: UUID) -> None:
    for table in TABLES:
        assert app.execute(text(f"select count(*) from {table}")).scalar_one() == 0


def test_a_connection_forgets_its_tenant_with_the_transaction(app: Connection, one: UUID) -> None:
    app.execute(text("select app.set_tenant(:t)"), {"t": one})
    assert app.execute(text("select count(*) from properties")).scalar_one() == 1
    app.commit()
    assert app.execute(text("select current_setting('app.tenant_id', true)")).scalar_one() == ""
    assert app.execute(text("select count(*) from properties")).scalar_one() == 0


def test_a_range_is_forgotten_with_the_transaction_and_names_nothing_but_a_copy_s(app: Connection) -> None:
    """`app.set_local` is no way to become another tenant."""
    app.execute(text("select app.set_local('app.tenant_id', 'x'), app.set_local('after', 'p1')"))
    assert app.execute(text("select current_setting('app.tenant_id', true)")).scalar_one() in (None, "")
    assert app.execute(text("select current_setting('copy.after', true)")).scalar_one() == "p1"
    app.commit()
    assert app.execute(text("select current_setting('copy.after', true)")).scalar_one() == ""


@pytest.mark.case(12)
@pytest.mark.parametrize(
    "written",
    [
        "insert into properties (tenant_id, property_id) values (gen_random_uuid(), 'x')",
        "insert into users (tenant_id, user_id) values (gen_random_uuid(), 1)",
        "insert into tenants (tenant_id, name) values (gen_random_uuid(), 'x')",
    ],
)
def test_without_a_tenant_writes_are_refused(app: Connection, written: str) -> None:
    assert refused(app, written)


@pytest.mark.case(13)
@pytest.mark.parametrize(
    "statement",
    [
        "alter table properties disable row level security", "alter table properties no force row level security",
        "drop policy own_tenant on properties", "create policy everything on properties using (true)",
        "set role twin_owner", "set role twin_lister", "select * from app.list_tenants()",
        "create table mine (tenant_id uuid)", "update interactions set kind = 'like'", "delete from interactions",
        "truncate properties",
    ],
)  # fmt: skip
def test_the_application_can_neither_lift_the_barrier_nor_rewrite_what_happened(
    app: Connection, statement: str
) -> None:
    assert refused(app, statement)


def test_switching_row_security_off_only_brings_an_error(app: Connection) -> None:
    app.execute(text("set row_security = off"))
    assert refused(app, "select * from properties")


def test_the_owner_is_held_to_the_policies_too(owner: Connection, one: UUID) -> None:
    assert owner.execute(text("select count(*) from properties")).scalar_one() == 0


def test_the_rows_of_another_tenant_are_not_there(app_database: Database, one: UUID, other: UUID) -> None:
    add(app_database, one)
    assert counts(app_database, other) == (0, 0)
    with app_database.tenant_session(other) as session:
        assert len(copy_catalogue(session)) == len(copy_log(session)) == len(list(copy_property_ids(session))) == 0
        with pytest.raises(NotFound, match="no such property"):
            PropertyRepository(session).get("house")


def test_an_interaction_cannot_refer_to_anothers_property(app_database: Database, one: UUID, other: UUID) -> None:
    with pytest.raises(NotFound, match="no such property"):
        add(app_database, other)
    assert counts(app_database, other) == (0, 0)


def test_a_row_cannot_be_written_into_another_tenant(app_database: Database, one: UUID, other: UUID) -> None:
    with app_database.tenant_session(one) as session, pytest.raises(DBAPIError) as caught:
        session.execute(text("insert into users (tenant_id, user_id) values (:b, 1)"), {"b": other})
    assert sqlstate(caught.value.orig) == REFUSED


@pytest.mark.case(14)
def test_the_same_ids_and_keys_in_two_tenants_are_independent(app_database: Database, one: UUID, other: UUID) -> None:
    put(app_database, other, features=HOUSE.model_copy(update={"listing_price": 1.0}))
    assert add(app_database, one, idempotency_key="k").status == "stored"
    assert add(app_database, other, idempotency_key="k", kind="dislike").status == "stored"
    with app_database.tenant_session(one) as session:
        assert PropertyRepository(session).get("house").listing_price == HOUSE.listing_price


def test_a_tenant_that_was_never_made_can_store_nothing(app_database: Database) -> None:
    with pytest.raises(NotFound):
        put(app_database, uuid4())


def test_the_pipeline_can_list_tenants_and_still_sees_one_at_a_time(
    pipeline_database: Database, two_tenants: Two
) -> None:
    assert {tenant.tenant_id for tenant in pipeline_database.list_tenants()} >= set(two_tenants)
    with pipeline_database.tenant_session(two_tenants[0]) as session:
        seen = session.execute(text("select tenant_id from tenants")).scalars().all()
        outcomes = InteractionRepository(session).add_all([interaction()])
    assert seen == [two_tenants[0]]
    assert isinstance(outcomes[0], NotFound)
