"""How connections are made, watched and given up: TLS, logins, time limits, the pool."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import SecretStr
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection

from portfolio_twin.adapters.postgres.errors import drop_broken_connection, replace_dead_connection
from portfolio_twin.adapters.secrets import database_login
from portfolio_twin.settings import WriteSettings

POOL_SIZE = 4  # Lambda serves one request at a time; the local gateway a few
SOCKET_MARGIN_SECONDS = 1.0  # the server cancels first and says so; the socket's limit is for a server that is gone


@dataclass(frozen=True)
class DatabaseAccess:
    """The settings of who has a URL and no environment: local tools and tests."""

    database_url: SecretStr
    database_connect_seconds: float = 3.0
    database_statement_seconds: float = 60.0
    database_secret_arn: str = ""


def make_engine(settings: WriteSettings | DatabaseAccess) -> Engine:
    url, tls = _tls(make_url(settings.database_url.get_secret_value()))
    connect_seconds = settings.database_connect_seconds
    socket_seconds = settings.database_statement_seconds + SOCKET_MARGIN_SECONDS
    engine = create_engine(
        url,
        connect_args={"timeout": connect_seconds, **tls},
        pool_size=POOL_SIZE,
        pool_timeout=connect_seconds,
        pool_use_lifo=True,
        hide_parameters=True,  # they are personal data, and errors are logged
    )
    event.listen(engine, "handle_error", drop_broken_connection)
    event.listen(engine, "checkout", replace_dead_connection)

    @event.listens_for(engine, "connect")
    def limit_socket(connection: DBAPIConnection, _record: object) -> None:
        connection._usock.settimeout(socket_seconds)  # pg8000 has one limit for connecting and for all that follows

    if settings.database_secret_arn:
        event.listen(engine, "do_connect", partial(_log_in, settings.database_secret_arn))
    return engine


def _log_in(secret_arn: str, _dialect: object, _record: object, _arguments: object, parameters: dict[str, Any]) -> None:
    """Asked at each new connection: whoever rotates the password restarts nothing."""
    parameters["user"], parameters["password"] = database_login(secret_arn)


def _tls(url: URL) -> tuple[URL, dict[str, Any]]:
    """`?sslmode=verify-full&sslrootcert=FILE` as libpq means them; pg8000 itself knows neither."""
    mode, root = _one(url.query.get("sslmode")), _one(url.query.get("sslrootcert"))
    url = url.difference_update_query(["sslmode", "sslrootcert"])
    if "unix_sock" in url.query or mode == "disable":
        return url, {"ssl_context": False}
    if mode == "verify-full":
        return url, {"ssl_context": ssl.create_default_context(cafile=root)}
    return url, {"ssl_context": True} if mode == "require" else {}


def _one(value: str | Sequence[str] | None) -> str | None:
    return value if value is None or isinstance(value, str) else value[-1]
