"""An embedded PostgreSQL for one machine: started or found running, with the production's roles and schema.

The last process that uses it stops it; one that is killed leaves it running, and the next finds it.
"""

import atexit
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import URL, NullPool, create_engine, text

from infra.local.stores.postgres_server import Server, home_for
from infra.migrations.run import upgrade

DATABASE, SUPERUSER, OWNER = "twin", "postgres", "twin_owner"
APP, PIPELINE = "twin_app", "twin_pipeline"
START_SECONDS = 60.0

_in_use: dict[Path, IO[str]] = {}  # the locks of this process; the system drops them when it dies, however it dies


@dataclass(frozen=True)
class Urls:
    owner: str  # migrations
    app: str  # feedback
    pipeline: str  # the steps of the state machines, and imports


def start(state_folder: Path) -> Urls:
    """The URLs of a running, migrated server whose data is under the folder, or under the system's temporary one."""
    server = Server(home_for(state_folder))
    with _locked(server.home / "start.lock"):
        server.initialise()
        if not server.answers():
            _start(server)
        _mark_used(server)
        _create_database(server)
        upgrade(_url(server, OWNER))
        _allow_logins(server)
    return Urls(_url(server, OWNER), _url(server, APP), _url(server, PIPELINE))


def stop(state_folder: Path) -> None:
    """Gives the server up; it stops when no other process uses it."""
    _give_up(Server(home_for(state_folder)))


def _mark_used(server: Server) -> None:
    if server.home in _in_use:
        return
    mark = (server.home / "in_use.lock").open("w")
    fcntl.flock(mark, fcntl.LOCK_SH)
    _in_use[server.home] = mark
    atexit.register(_give_up, server)


def _give_up(server: Server) -> None:
    mark = _in_use.pop(server.home, None)
    if mark is None:
        return
    with _locked(server.home / "start.lock"), mark:
        try:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # somebody else still works with it
        server.stop()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(server: Server) -> None:
    """A server that was killed first replays its log, and its orphans may hold its memory for a moment."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server.start()
        for _ in range(10):
            if server.answers():
                return
            time.sleep(0.1)
    raise SystemExit(f"PostgreSQL does not start; its log is {server.log}")


def _create_database(server: Server) -> None:
    """As on a managed service: the owner of the database is no superuser, but may create roles."""
    if not _run(server, "postgres", f"select from pg_roles where rolname = '{OWNER}'"):
        _run(server, "postgres", f"create role {OWNER} login createrole nosuperuser nobypassrls password '{OWNER}'")
    if not _run(server, "postgres", f"select from pg_database where datname = '{DATABASE}'"):
        _run(server, "postgres", f"create database {DATABASE} owner {OWNER}")


def _allow_logins(server: Server) -> None:
    """Passwords for this machine only; the Unix socket does not ask for them, TCP would."""
    for role in (APP, PIPELINE):
        _run(server, "postgres", f"alter role {role} password '{role}'")


def _run(server: Server, database: str, statement: str) -> int:
    """Rows that the statement gave, or -1."""
    engine = create_engine(_url(server, SUPERUSER, database), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return int(connection.execute(text(statement)).rowcount)


def _url(server: Server, role: str, database: str = DATABASE) -> str:
    url = URL.create("postgresql+pg8000", role, role, database=database, query={"unix_sock": str(server.socket)})
    return url.render_as_string(hide_password=False)
