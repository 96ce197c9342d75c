"""The only way to PostgreSQL: `with database.tenant_session(tenant_id) as session:`."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from typing import Any, Protocol
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import URL, Connection, CursorResult, Engine, Executable, create_engine, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection

from portfolio_twin.adapters.database_errors import database_errors, drop_broken_connection, replace_dead_connection
from portfolio_twin.adapters.secrets import database_login
from portfolio_twin.errors import DatabaseUnavailable

SET_TENANT = text("select app.set_tenant(:tenant_id, :limit_ms)")
POOL_SIZE = 4  # Lambda serves one request at a time; the local gateway a few
SOCKET_MARGIN_SECONDS = 1.0  # the server cancels first and says so; the socket's limit is for a server that is gone


class AccessSettings(Protocol):
    """The part of settings.WriteSettings that is read here."""

    @property
    def database_url(self) -> SecretStr: ...
    @property
    def database_secret_arn(self) -> str: ...
    @property
    def database_connect_seconds(self) -> float: ...
    @property
    def database_statement_seconds(self) -> float: ...


@dataclass(frozen=True)
class DatabaseAccess:
    """The same for who has a URL and no environment: local tools and tests."""

    database_url: SecretStr
    database_connect_seconds: float = 3.0
    database_statement_seconds: float = 60.0
    database_secret_arn: str = ""


@dataclass(frozen=True)
class Tenant:
    tenant_id: UUID
    name: str


class TenantSession:
    """One transaction that sees one tenant's rows. It ends with `commit`; without one it is rolled back."""

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._open = True
        self.tenant_id = tenant_id

    def execute(self, statement: Executable, parameters: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        self._check_open()
        with database_errors():
            return self._connection.execute(statement, parameters or {})

    def copy_out(self, query: str) -> BytesIO:
        """Runs COPY … TO STDOUT and gives its bytes. The query is constant text: values travel by `set_config`."""
        stream = BytesIO()
        self._copy(query, stream)
        stream.seek(0)
        return stream

    def copy_in(self, query: str, rows: Iterator[bytes]) -> None:
        """Runs COPY … FROM STDIN with what `rows` gives."""
        self._copy(query, rows)

    def commit(self) -> None:
        self._check_open()
        with database_errors():
            self._connection.commit()
        self.end()

    def end(self) -> None:
        self._open = False

    def _copy(self, query: str, stream: BytesIO | Iterator[bytes]) -> None:
        self._check_open()
        cursor = self._connection.connection.cursor()
        try:
            with database_errors():
                cursor.execute(query, stream=stream)  # type: ignore[call-arg]  # pg8000's own way to COPY
        except BaseException:
            self._connection.invalidate()  # broken off in the middle it would be a reply out of step
            raise

    def _check_open(self) -> None:
        # The tenant's name ended with the transaction: what came now would see no rows, silently.
        if not self._open:
            raise RuntimeError("this session has ended: read before the commit, or open another one")


class Database:
    """Connections are made when they are needed: PostgreSQL may be down when this object is made, and come back."""

    def __init__(self, settings: AccessSettings) -> None:
        self._limit_ms = int(settings.database_statement_seconds * 1000)
        self._engine = _engine(settings)

    @contextmanager
    def tenant_session(self, tenant_id: UUID) -> Iterator[TenantSession]:
        """A transaction for one tenant; raises DatabaseUnavailable, and RuntimeError on use after its end."""
        with self._connection() as connection:
            session = TenantSession(connection, tenant_id)
            session.execute(SET_TENANT, {"tenant_id": tenant_id, "limit_ms": self._limit_ms})
            try:
                yield session
            finally:
                session.end()

    def list_tenants(self) -> list[Tenant]:
        """All of them, by name: the pipeline's role may, the application's may not."""
        with self._connection() as connection, database_errors():
            rows = connection.execute(text("select tenant_id, name from app.list_tenants() order by name"))
            return [Tenant(row.tenant_id, row.name) for row in rows]

    def healthy(self) -> bool:
        try:
            with self._connection() as connection, database_errors():
                connection.execute(text("select 1"))
        except DatabaseUnavailable:
            return False
        return True

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with database_errors():
            connection = self._engine.connect()
        try:
            yield connection
        finally:
            with database_errors():
                connection.close()


def _engine(settings: AccessSettings) -> Engine:
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
