"""Roles, database, tables and passwords from nothing, as a managed service's master: no superuser, but it may create.

`make migrate` runs it inside the network; where PostgreSQL can be reached, `python -m infra.migrations.bootstrap URL
MASTER OWNER APP PIPELINE`: the URL without a login and of a database that is there (`postgres`), the others name
secrets of Secrets Manager with {"username", "password"}. Run again it brings schema and passwords up to date.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Connection, make_url, text

from infra.migrations.run import make_owner_engine, upgrade
from portfolio_twin.adapters.secrets import database_login
from portfolio_twin.errors import DatabaseUnavailable

DATABASE, OWNER = "twin", "twin_owner"
ROLES = {OWNER, "twin_app", "twin_pipeline"}


class Login(NamedTuple):
    role: str
    password: str


def bootstrap(url: str, master: Login, logins: list[Login]) -> None:
    """Raises ValueError where the three roles are not those of the product."""
    passwords = dict(logins)
    if passwords.keys() != ROLES:
        raise ValueError(f"secrets of {', '.join(sorted(ROLES))} are needed, not of {', '.join(sorted(passwords))}")
    owner_url = _as(url, Login(OWNER, passwords[OWNER]), DATABASE)
    with _connected(_as(url, master)) as connection:
        if not _exists(connection, "pg_roles", "rolname", OWNER):
            connection.execute(text(f"create role {OWNER} login createrole nosuperuser nobypassrls"))
            # Without SET a role may not give a database to another, not even to one that it made itself.
            connection.execute(text(f"grant {OWNER} to current_user with set true"))
        _set_password(connection, Login(OWNER, passwords[OWNER]))
        if not _exists(connection, "pg_database", "datname", DATABASE):
            connection.execute(text(f"create database {DATABASE} owner {OWNER}"))
    upgrade(owner_url)  # makes the other two roles: made by anybody else they could not be granted by the owner
    with _connected(owner_url) as connection:
        for role in sorted(ROLES - {OWNER}):
            _set_password(connection, Login(role, passwords[role]))


def _as(url: str, login: Login, database: str | None = None) -> str:
    named = make_url(url).set(username=login.role, password=login.password)
    return (named if database is None else named.set(database=database)).render_as_string(hide_password=False)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    """Each statement a transaction of its own, as `create database` demands."""
    engine = make_owner_engine(url)
    try:
        with engine.connect() as connection:
            connection.connection.rollback()  # the pool has asked whether the server lives, and so begun a transaction
            yield connection.execution_options(isolation_level="AUTOCOMMIT")
    finally:
        engine.dispose()


def _exists(connection: Connection, catalogue: str, column: str, name: str) -> bool:
    query = text(f"select exists (select from {catalogue} where {column} = :name)")
    return bool(connection.execute(query, {"name": name}).scalar_one())


def _set_password(connection: Connection, login: Login) -> None:
    """PostgreSQL quotes it: DDL takes no parameters."""
    quoted = text("select format('alter role %I password %L', cast(:role as text), cast(:password as text))")
    connection.exec_driver_sql(connection.execute(quoted, login._asdict()).scalar_one().replace("%", "%%"))


def main() -> None:
    url, *secrets = sys.argv[1:]
    try:
        master, *logins = [Login(*database_login(secret)) for secret in secrets]
        bootstrap(url, master, logins)
    except (DatabaseUnavailable, ValueError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
