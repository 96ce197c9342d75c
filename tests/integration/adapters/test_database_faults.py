"""Bad days of PostgreSQL, from CASES.md: down, back, hung, killed around a commit, and text that trips the driver."""

import os
import signal
import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import make_url, text

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue
from portfolio_twin.adapters.postgres.database import Database, TenantSession
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.errors import DatabaseUnavailable, InvalidInput
from tests.integration.fixtures.database import Two, add, connect_to, counts, interaction, put


def backend(session: TenantSession) -> int:
    """The process of PostgreSQL that serves it."""
    return int(session.execute(text("select pg_backend_pid()")).scalar_one())


def terminate(pid: int, database: Database, tenant: UUID) -> None:
    with database.tenant_session(tenant) as killer:
        assert killer.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid}).scalar_one()


@pytest.fixture
def database(postgres_urls: Urls, tmp_path: Path) -> Iterator[Database]:
    """The application's, through a socket of its own that is not there yet, with short limits."""
    url = make_url(postgres_urls.app).update_query_dict({"unix_sock": str(tmp_path / "socket")})
    whole = url.render_as_string(hide_password=False)
    with closing(connect_to(whole, connect_seconds=0.3, statement_seconds=0.3)) as database:
        yield database


@pytest.fixture
def up(database: Database, postgres_urls: Urls, tmp_path: Path) -> Database:
    (tmp_path / "socket").symlink_to(str(make_url(postgres_urls.app).query["unix_sock"]))
    return database


@pytest.fixture
def tenant(two_tenants: Two, pipeline_database: Database) -> UUID:
    put(pipeline_database, two_tenants[0])
    return two_tenants[0]


@pytest.mark.case(19)
def test_down_at_the_start_and_back_without_a_new_start(
    database: Database, tenant: UUID, postgres_urls: Urls, tmp_path: Path
) -> None:
    assert not database.healthy()
    with pytest.raises(DatabaseUnavailable):
        add(database, tenant)
    (tmp_path / "socket").symlink_to(str(make_url(postgres_urls.app).query["unix_sock"]))
    assert database.healthy()
    assert add(database, tenant).status == "stored"


@pytest.mark.case(21)
def test_a_server_that_takes_the_call_and_says_nothing(database: Database, tenant: UUID, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "socket"))
        silent.listen()
        with pytest.raises(DatabaseUnavailable):
            add(database, tenant)


@pytest.mark.case(21)
def test_a_statement_that_takes_too_long_is_cancelled(up: Database, tenant: UUID) -> None:
    with pytest.raises(DatabaseUnavailable, match="57014"), up.tenant_session(tenant) as session:
        session.execute(text("select pg_sleep(10)"))
    assert counts(up, tenant) == (1, 0)


@pytest.mark.case(21)
def test_a_server_that_hangs_in_the_middle_is_given_up(up: Database, tenant: UUID) -> None:
    with up.tenant_session(tenant) as session:
        pid = backend(session)
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(DatabaseUnavailable):
                PropertyRepository(session).count()
        finally:
            os.kill(pid, signal.SIGCONT)
    assert counts(up, tenant) == (1, 0)


@pytest.mark.case(20)
def test_killed_before_the_commit_a_retry_with_the_key_stores_one_row(
    up: Database, pipeline_database: Database, tenant: UUID
) -> None:
    with up.tenant_session(tenant) as session:
        InteractionRepository(session).add(interaction(idempotency_key="k"))
        pid = backend(session)
        terminate(pid, pipeline_database, tenant)
        with pytest.raises(DatabaseUnavailable):
            session.commit()
    assert add(up, tenant, idempotency_key="k").status == "stored"
    assert counts(up, tenant) == (1, 1)


@pytest.mark.case(20)
def test_killed_after_the_commit_a_retry_with_the_key_is_a_replay(
    up: Database, pipeline_database: Database, tenant: UUID
) -> None:
    with up.tenant_session(tenant) as session:
        InteractionRepository(session).add(interaction(idempotency_key="k"))
        pid = backend(session)
        session.commit()
    terminate(pid, pipeline_database, tenant)
    assert add(up, tenant, idempotency_key="k").status == "replayed"
    assert counts(up, tenant) == (1, 1)


def trip(database: Database, tenant: UUID, parameter: str) -> None:
    with database.tenant_session(tenant) as session:
        session.execute(text("select cast(:x as text)"), {"x": parameter})


@pytest.mark.case(2)
def test_text_that_trips_the_driver_spoils_no_later_answer(up: Database, tenant: UUID, two_tenants: Two) -> None:
    for parameter in ("\ud800", "a\x00b"):
        with pytest.raises(InvalidInput):
            trip(up, tenant, parameter)
        for _ in range(20):
            assert counts(up, tenant) == (1, 0)
            assert counts(up, two_tenants[1]) == (0, 0)


def test_too_many_parameters_spoil_no_later_answer(up: Database, tenant: UUID) -> None:
    names = ", ".join(f":p{i}" for i in range(70_000))
    with pytest.raises(struct.error), up.tenant_session(tenant) as session:
        session.execute(text(f"select 0 in ({names})"), {f"p{i}": i for i in range(70_000)})
    for _ in range(20):
        assert counts(up, tenant) == (1, 0)


def test_a_copy_that_breaks_off_spoils_no_later_answer(up: Database, tenant: UUID) -> None:
    def rows() -> Iterator[bytes]:
        yield b"1\n"
        raise KeyError("the source broke")

    for broken, error in ((rows(), KeyError), (iter([b"one\n"]), InvalidInput)):
        with up.tenant_session(tenant) as session:
            session.execute(text("create temporary table staged (n integer) on commit drop"))
            with pytest.raises(error):
                session.copy_in("copy staged from stdin", broken)
    for _ in range(20):
        assert counts(up, tenant) == (1, 0)


def test_an_error_of_the_caller_is_not_the_databases(up: Database, tenant: UUID) -> None:
    with pytest.raises(FileNotFoundError), up.tenant_session(tenant):
        raise FileNotFoundError("something else")


def hold_many(held: ExitStack, database: Database, tenant: UUID) -> None:
    for _ in range(100):
        held.enter_context(database.tenant_session(tenant))


def test_a_busy_pool_is_unavailable_and_recovers(up: Database, tenant: UUID) -> None:
    with ExitStack() as held, pytest.raises(DatabaseUnavailable, match="busy"):
        hold_many(held, up, tenant)
    assert counts(up, tenant) == (1, 0)


def test_a_database_that_is_not_there_is_unavailable(postgres_urls: Urls) -> None:
    url = make_url(postgres_urls.app).set(database="nowhere").render_as_string(hide_password=False)
    with closing(connect_to(url)) as database:
        with pytest.raises(DatabaseUnavailable), database.tenant_session(uuid4()) as session:
            copy_catalogue(session)
        assert not database.healthy()


def test_the_pool_is_usable_from_many_requests_in_turn(up: Database, tenant: UUID) -> None:
    for _ in range(30):
        with up.tenant_session(tenant) as session:
            assert PropertyRepository(session).count() == 1
