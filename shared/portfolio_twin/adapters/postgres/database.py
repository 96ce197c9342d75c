"""The only way to PostgreSQL: `with database.tenant_session(tenant_id) as session:`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from io import BytesIO
from typing import Any, BinaryIO, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, CursorResult, Executable, Row, text
from sqlalchemy.exc import InvalidRequestError

from portfolio_twin.adapters import time_left
from portfolio_twin.adapters.once_more import once_more
from portfolio_twin.adapters.postgres.engine import DatabaseAccess, make_engine
from portfolio_twin.adapters.postgres.errors import connection_broke, database_errors
from portfolio_twin.errors import DatabaseUnavailable
from portfolio_twin.settings import WriteSettings

Answer = TypeVar("Answer")

SET_TENANT = text("select app.set_tenant(:tenant_id, :limit_ms)")
NEW_EVENTS = text(
    "select * from app.new_events(cast(:tenants as uuid[]), cast(:since as timestamptz[]), cast(:at_most as integer))"
)
TENANTS_AFTER = text("select * from app.tenants_after(:after, :at_most)")


class TenantName(NamedTuple):
    tenant_id: UUID
    name: str


class TenantRow(NamedTuple):
    tenant_id: UUID
    name: str
    created_at: datetime
    erased_at: datetime | None  # when one of its investors was last erased


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
        """Runs COPY … TO STDOUT and gives its bytes. The query is constant text: values travel by `app.set_local`."""
        stream = BytesIO()
        self._copy(query, stream)
        stream.seek(0)
        return stream

    def copy_to(self, query: str, file: BinaryIO) -> int:
        """As `copy_out`, into a file: how many rows it was, where the server says so."""
        return self._copy(query, file)

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

    def _copy(self, query: str, stream: BinaryIO | Iterator[bytes]) -> int:
        self._check_open()
        cursor = self._connection.connection.cursor()
        try:
            with database_errors():
                cursor.execute(query, stream=stream)  # type: ignore[call-arg]  # pg8000's own way to COPY
                return int(cursor.rowcount)
        except BaseException:
            self._connection.invalidate()  # broken off in the middle it would be a reply out of step
            raise

    def _check_open(self) -> None:
        # The tenant's name ended with the transaction: what came now would see no rows, silently.
        if not self._open:
            raise RuntimeError("this session has ended: read before the commit, or open another one")


class Database:
    """Connections are made when they are needed: PostgreSQL may be down when this object is made, and come back."""

    def __init__(self, settings: WriteSettings | DatabaseAccess) -> None:
        self._statement_seconds = settings.database_statement_seconds
        self._engine = make_engine(settings)

    @contextmanager
    def tenant_session(self, tenant_id: UUID) -> Iterator[TenantSession]:
        """A transaction for one tenant; raises DatabaseUnavailable, and RuntimeError on use after its end."""
        with self._connection() as connection:
            session = TenantSession(connection, tenant_id)
            with database_errors():
                limit_ms = int(time_left.share(self._statement_seconds) * 1000) or 1  # 0 would be no limit
            session.execute(SET_TENANT, {"tenant_id": tenant_id, "limit_ms": limit_ms})
            try:
                yield session
            finally:
                session.end()

    def read(self, tenant_id: UUID, question: Callable[[TenantSession], Answer]) -> Answer:
        """What a question, which changes nothing, gives in a session: asked once more where the connection broke."""

        def ask() -> Answer:
            with self.tenant_session(tenant_id) as session:
                return question(session)

        return once_more(ask, connection_broke)

    def list_tenants(self) -> list[TenantName]:
        """All of them, by name: the pipeline's role may, the application's may not."""
        rows = self._read(text("select tenant_id, name from app.list_tenants() order by name"))
        return [TenantName(row.tenant_id, row.name) for row in rows]

    def tenants_after(self, after: UUID | None, at_most: int) -> list[TenantRow]:
        """A page of them, by id: the first one, or the one after `after`."""
        return [TenantRow._make(row) for row in self._read(TENANTS_AFTER, {"after": after, "at_most": at_most})]

    def new_events(self, since: Mapping[UUID, datetime], at_most: int) -> dict[UUID, int]:
        """How many interactions of each tenant were recorded since its moment; counted no further than `at_most`."""
        values = {"tenants": list(since), "since": list(since.values()), "at_most": at_most}
        return {row.tenant_id: row.events for row in self._read(NEW_EVENTS, values)}

    def healthy(self) -> bool:
        try:
            self._read(text("select 1"))
        except DatabaseUnavailable:
            return False
        return True

    def close(self) -> None:
        self._engine.dispose()

    def _read(self, statement: Executable, values: Mapping[str, Any] | None = None) -> list[Row[Any]]:
        def ask() -> list[Row[Any]]:
            with self._connection() as connection, database_errors():
                return list(connection.execute(statement, values or {}))

        return once_more(ask, connection_broke)

    @contextmanager
    def _connection(self) -> Iterator[Connection]:
        with database_errors():
            try:
                connection = self._engine.connect()
            except InvalidRequestError as error:  # two in a row that had died before their first statement
                raise DatabaseUnavailable("every connection breaks at once") from error
        try:
            yield connection
        finally:
            with database_errors():
                connection.close()
