"""The embedded PostgreSQL of one machine: it survives being killed, and nobody stops it under another's feet."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest
from pg8000.exceptions import DatabaseError
from pg8000.native import Connection
from sqlalchemy import make_url

from infra.local.stores import postgres
from infra.local.stores.postgres_server import home_for
from portfolio_twin.adapters.postgres.database import Database
from tests.fakes import processes
from tests.integration.fixtures.database import connect_to, make_tenant

HOLDER = """
import sys, time
from pathlib import Path
from infra.local.stores import postgres
postgres.start(Path(sys.argv[1]))
print("started", flush=True)
time.sleep(600)
"""


@contextmanager
def stopped_at_the_end(folder: Path) -> Iterator[Path]:
    yield folder
    postgres.stop(folder)
    shutil.rmtree(home_for(folder))


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("state")
    (home_for(folder) / "data.unfinished").mkdir()  # as an initdb leaves it that was killed half-way
    with stopped_at_the_end(folder):
        yield folder


@pytest.fixture
def database(state: Path) -> Iterator[Database]:
    with closing(connect_to(postgres.start(state).pipeline)) as opened:
        yield opened


def server_pid(state: Path) -> int:
    return int((home_for(state) / "data" / "postmaster.pid").read_text().split()[0])


def test_a_server_that_was_killed_starts_again_with_its_data(state: Path, database: Database) -> None:
    tenant = make_tenant(database)
    os.kill(server_pid(state), signal.SIGKILL)
    postgres.start(state)
    assert tenant in {listed.tenant_id for listed in database.list_tenants()}


def test_starting_twice_finds_the_same_server(state: Path, database: Database) -> None:
    first = server_pid(state)
    assert postgres.start(state) == postgres.start(state)
    assert server_pid(state) == first
    assert database.healthy()


def test_the_last_one_to_use_it_stops_it_and_a_killed_one_does_not_count(state: Path, database: Database) -> None:
    holder = processes.start("-c", HOLDER, state)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "started\n"
    postgres.stop(state)
    assert database.healthy()
    holder.kill()
    holder.communicate()
    postgres.start(state)
    postgres.stop(state)
    assert not database.healthy()


def test_a_pid_that_belongs_to_another_program_is_no_server(state: Path) -> None:
    postgres.start(state)
    postgres.stop(state)
    sleeper = subprocess.Popen(["sleep", "60"])
    pid_file = home_for(state) / "data" / "postmaster.pid"
    pid_file.write_text(f"{sleeper.pid}\n{pid_file.parent}\n{int(time.time())}\n5432\n\n\n\n")
    with closing(connect_to(postgres.start(state).pipeline)) as database:
        assert database.healthy()
    sleeper.kill()
    sleeper.wait()


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """A state of its own: it has another port once it has listened."""
    with stopped_at_the_end(tmp_path):
        yield tmp_path


def test_containers_reach_it_by_tcp_with_a_password_while_the_socket_still_works(listening: Path) -> None:
    address = make_url(postgres.start(listening, "127.0.0.1").app)
    assert make_url(postgres.start(listening, "127.0.0.1").app) == address
    login = partial(Connection, host=address.host, port=address.port, database=address.database)
    with closing(login(address.username, password=address.password)) as connection:
        assert connection.run("select current_user") == [["twin_app"]]
    for user, password in (("twin_app", "wrong"), ("postgres", "postgres")):
        with pytest.raises(DatabaseError, match="password authentication failed"):
            login(user, password=password)
    with closing(connect_to(postgres.start(listening).app)) as database:
        assert database.healthy()


def test_a_state_folder_whose_path_is_too_long_for_a_socket_has_its_data_elsewhere(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    home = home_for(deep)
    assert not home.is_relative_to(tmp_path)
    assert home == home_for(deep)
    home.rmdir()
