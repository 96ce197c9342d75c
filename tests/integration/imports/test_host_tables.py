"""A host's own tables: by the views that it replaces, or by a tenant's queries; each tenant gets its own rows."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import NullPool, create_engine, text

from infra.local.stores.postgres import Urls
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.properties import NUMERIC_INPUTS, TEXT_COLUMNS
from portfolio_twin.services.imports.import_run import ImportRun
from portfolio_twin.services.imports.run_import import run_import
from portfolio_twin.services.pipeline.machine_input import list_for_import
from portfolio_twin.settings import ImportSettings
from tests.integration.fixtures.database import Two, counts, read

MISSING = ", ".join(
    f"cast(null as {kind}) as {name}"
    for name in (*NUMERIC_INPUTS, *TEXT_COLUMNS)
    if name != "listing_price"
    for kind in ["integer" if name == "year_built" else "boolean" if name == "renovation_needed" else
                 "text" if name in TEXT_COLUMNS else "double precision"]
)  # fmt: skip
HOST = f"""
create schema host;
create table host.listings (org uuid, code text, price numeric, rooms integer);
create table host.deals (org uuid, agent bigint, code text, closed timestamptz);
grant usage on schema host to twin_pipeline;
grant select on host.listings, host.deals to twin_pipeline;
create or replace view app.host_properties with (security_invoker = true) as
    select org as tenant_id, code as property_id, price::double precision as listing_price, {MISSING},
        jsonb_build_object('rooms', rooms) as attributes from host.listings;
create or replace view app.host_interactions with (security_invoker = true) as
    select org as tenant_id, agent as user_id, code as property_id, 'deal' as kind, closed as occurred_at
    from host.deals;
"""


@pytest.fixture
def owner(postgres_urls: Urls) -> Iterator[Any]:
    with create_engine(postgres_urls.owner, poolclass=NullPool, isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


@pytest.fixture
def host(owner: Any, two_tenants: Two) -> Iterator[Any]:
    """Both tenants' listings in one table of the host's, and the views over it."""
    before = {view: owner.execute(text(f"select pg_get_viewdef('app.{view}')")).scalar_one() for view in VIEWS}
    for statement in HOST.split(";\n"):
        if statement.strip():
            owner.execute(text(statement))
    for tenant, price in zip(two_tenants, (100, 200), strict=True):
        listing = {"org": tenant, "price": price}
        owner.execute(text("insert into host.listings values (:org, 'a', :price, 3), (:org, 'b', null, 4)"), listing)
        owner.execute(text("insert into host.deals values (:org, 7, 'a', '2026-01-02 12:00+01')"), listing)
    yield owner
    for view, definition in before.items():
        columns = definition.rstrip(";")
        owner.execute(text(f"create or replace view app.{view} with (security_invoker = true) as {columns}"))
    owner.execute(text("drop schema host cascade"))


VIEWS = ("host_properties", "host_interactions")


@pytest.fixture
def importing(server: S3Server, s3: Any, pipeline_database: Database) -> Stores:
    made = Stores(ImportSettings(bucket=server.bucket))
    made.bucket, made.database = Bucket(server.bucket, s3), pipeline_database
    return made


def run(stores: Stores, tenant: UUID) -> dict[str, Any]:
    event = {"tenant_id": str(tenant), "execution": "one", "source": "host_views"}
    return run_import(ImportRun.of(stores, event))


def query(owner: Any, tenant: UUID, **queries: str) -> None:
    given = {"t": tenant, "p": queries.get("properties"), "i": queries.get("interactions")}
    with create_engine(owner.engine.url, poolclass=NullPool).begin() as transaction:
        transaction.execute(text("select app.set_tenant(:t)"), given)
        transaction.execute(text("insert into app.host_queries values (:t, :p, :i)"), given)


def test_a_host_that_has_replaced_no_view_has_nothing(importing: Stores, two_tenants: Two) -> None:
    assert run(importing, two_tenants[0])["decision"] == "unchanged"


def test_each_tenant_gets_its_own_rows_of_the_host_s_tables(importing: Stores, host: Any, two_tenants: Two) -> None:
    one, other = two_tenants
    answer = run(importing, one)
    assert (answer["decision"], answer["files"][0]["stored"], answer["retrain"]) == ("imported", 3, True)
    catalogue = read(importing.database, one, copy_catalogue)
    assert [catalogue.row(i) for i in range(2)] == [
        {"listing_price": 100.0, "attributes": {"rooms": 3.0}}, {"attributes": {"rooms": 4.0}},
    ]  # fmt: skip
    assert counts(importing.database, other) == (0, 0)


def test_the_same_rows_again_store_nothing_and_say_so(importing: Stores, host: Any, two_tenants: Two) -> None:
    run(importing, two_tenants[0])
    again = run(importing, two_tenants[0])
    assert (again["decision"], again["files"][0]["reason"]) == ("unchanged", "these very rows were stored before")
    host.execute(text("update host.listings set price = 5 where code = 'b'"))
    assert run(importing, two_tenants[0])["files"][0]["stored"] == 1


def test_a_bad_row_of_the_host_s_is_told_and_nothing_is_stored(importing: Stores, host: Any, two_tenants: Two) -> None:
    host.execute(text("insert into host.deals values (:t, 7, 'gone', '2026-01-02 12:00+01')"), {"t": two_tenants[0]})
    assert run(importing, two_tenants[0])["decision"] == "refused"
    report = importing.of(two_tenants[0]).bucket.put_files.report("host")
    assert "'gone' is no known property" in report["bad_rows"][0]
    assert counts(importing.database, two_tenants[0]) == (0, 0)


def test_a_tenant_s_own_query_is_read_instead(importing: Stores, host: Any, two_tenants: Two) -> None:
    query(
        host,
        two_tenants[0],
        properties=f"select code as property_id, 7 as listing_price from host.listings where org = '{two_tenants[0]}'",
    )
    assert run(importing, two_tenants[0])["decision"] == "imported"
    assert read(importing.database, two_tenants[0], copy_catalogue).row(0)["listing_price"] == 7.0


@pytest.mark.parametrize(
    ("asked", "reason"),
    [
        ("select * from host.nothing", "does not exist"),
        ("select no sense", "does not exist"),
        ("select 'x' as property_id, nextval('host.numbers')::double precision as lat", "read-only transaction"),
        ("delete from host.listings returning *", "syntax error"),
        ("select passwd as property_id, 1 as lat from pg_shadow", "permission denied"),
    ],
)
def test_a_query_that_does_not_do_or_would_write_is_refused(
    importing: Stores, host: Any, two_tenants: Two, asked: str, reason: str
) -> None:
    host.execute(text("create sequence host.numbers; grant usage on sequence host.numbers to twin_pipeline"))
    query(host, two_tenants[0], properties=asked)
    assert run(importing, two_tenants[0])["decision"] == "refused"
    assert reason in importing.of(two_tenants[0]).bucket.put_files.report("host")["reason"]
    assert counts(importing.database, two_tenants[0]) == (0, 0)


def test_nobody_reads_another_s_query_and_only_the_owner_writes_one(
    importing: Stores, host: Any, two_tenants: Two
) -> None:
    query(host, two_tenants[0], properties="select 1")
    with importing.database.tenant_session(two_tenants[1]) as session:
        assert session.execute(text("select count(*) from app.host_queries")).scalar_one() == 0
        with pytest.raises(Exception, match="permission denied"):
            session.execute(text("insert into app.host_queries values (:t, 'x', null)"), {"t": two_tenants[1]})


def test_the_schedule_is_about_every_tenant(importing: Stores, two_tenants: Two) -> None:
    listed = list_for_import(importing, {"source": "host_views"})
    assert {str(tenant) for tenant in two_tenants} <= {one["tenant_id"] for one in listed["tenants"]}
    assert listed["settings"]["source"] == "host_views"
