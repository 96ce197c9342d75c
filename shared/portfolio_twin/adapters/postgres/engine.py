"""How connections are made, watched and given up: TLS, logins, time limits, the pool."""

import socket
import ssl
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pg8000
from pydantic import SecretStr
from sqlalchemy import URL, Engine, create_engine, event, make_url

from portfolio_twin.adapters import time_left
from portfolio_twin.adapters.postgres.errors import drop_broken_connection, replace_dead_connection
from portfolio_twin.adapters.secrets import database_login
from portfolio_twin.settings import WriteSettings

POOL_SIZE = 4  # Lambda serves one request at a time; the local gateway a few
SOCKET_MARGIN_SECONDS = 1.0  # the server cancels first and says so; the socket's limit is for a server that is gone
TLS_REQUEST = struct.pack("!ii", 8, 80877103)  # PostgreSQL's protocol: answered by S, or by N


@dataclass(frozen=True)
class DatabaseAccess:
    """The settings of who has a URL and no environment: local tools and tests."""

    database_url: SecretStr
    database_connect_seconds: float = 3.0
    database_statement_seconds: float = 60.0
    database_secret_arn: str = ""


class AnswersInTime(socket.socket):
    """A socket that gives up a whole answer: the driver limits single reads, and a byte that drips in is a read."""

    seconds: float  # from the question on
    _ends_at = float("inf")

    def send(self, *data: Any) -> int:
        limit = time_left.share(self.seconds)
        self._ends_at = time.monotonic() + limit
        self.settimeout(limit)
        return super().send(*data)

    def recv_into(self, *into: Any) -> int:
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer took too long")
        self.settimeout(left)
        return super().recv_into(*into)


class AnswersInTimeByTls(AnswersInTime, ssl.SSLSocket):
    pass


class Tls(NamedTuple):
    """What is wanted of a connection: None for `context` where it stays plain."""

    context: ssl.SSLContext | None
    required: bool = True

    def over(self, plain: AnswersInTime, host: str) -> AnswersInTime:
        """The socket in TLS where the server takes it; raises OSError, as for all that a connection fails of."""
        if self.context is None:
            return plain
        plain.sendall(TLS_REQUEST)
        if plain.recv(1) == b"S":
            self.context.sslsocket_class = AnswersInTimeByTls
            return self.context.wrap_socket(plain, server_hostname=host)  # type: ignore[return-value]  # the class above
        if self.required:
            raise OSError("the server refuses TLS")
        return plain


def make_engine(settings: WriteSettings | DatabaseAccess) -> Engine:
    url, tls = _tls(make_url(settings.database_url.get_secret_value()))
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        pool_timeout=settings.database_connect_seconds,
        pool_use_lifo=True,
        hide_parameters=True,  # they are personal data, and errors are logged
    )
    event.listen(engine, "handle_error", drop_broken_connection)
    event.listen(engine, "checkout", replace_dead_connection)

    event.listen(engine, "do_connect", partial(_connect, settings, tls))
    return engine


def _connect(
    settings: WriteSettings | DatabaseAccess, tls: Tls, _dialect: object, _record: object, _arguments: object,
    parameters: dict[str, Any],
) -> pg8000.Connection:  # fmt: skip
    login = dict(parameters)
    if settings.database_secret_arn:  # asked at each new connection: whoever rotates the password restarts nothing
        login["user"], login["password"] = database_login(settings.database_secret_arn)
    path, host = login.pop("unix_sock", None), login.get("host", "localhost")
    opened = _open(path or (host, login.get("port", 5432)), settings.database_connect_seconds)
    try:
        opened = tls.over(opened, host)
        opened.seconds = settings.database_connect_seconds
        connection = pg8000.Connection(**login, sock=opened, ssl_context=False)
    except BaseException:
        opened.close()
        raise
    opened.seconds = settings.database_statement_seconds + SOCKET_MARGIN_SECONDS
    return connection


def _open(address: str | tuple[str, int], seconds: float) -> AnswersInTime:
    limit = time_left.share(seconds)
    if isinstance(address, tuple):
        opened = AnswersInTime(fileno=socket.create_connection(address, limit).detach())
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        opened.settimeout(limit)
        return opened
    opened = AnswersInTime(socket.AF_UNIX)
    try:
        opened.settimeout(limit)
        opened.connect(address)
    except BaseException:
        opened.close()
        raise
    return opened


def _tls(url: URL) -> tuple[URL, Tls]:
    """`?sslmode=verify-full&sslrootcert=FILE` as libpq means them; the driver knows neither."""
    mode, root = _one(url.query.get("sslmode")), _one(url.query.get("sslrootcert"))
    url = url.difference_update_query(["sslmode", "sslrootcert"])
    if "unix_sock" in url.query or mode == "disable":
        return url, Tls(None)
    if mode == "verify-full":
        return url, Tls(ssl.create_default_context(cafile=root))
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return url, Tls(context, required=mode == "require")


def _one(value: str | Sequence[str] | None) -> str | None:
    return value if value is None or isinstance(value, str) else value[-1]
