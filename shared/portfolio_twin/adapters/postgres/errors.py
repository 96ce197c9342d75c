"""Every failure of PostgreSQL and its driver, mapped to this package's errors: by SQLSTATE where there is one."""

from collections.abc import Iterator
from contextlib import contextmanager

from pg8000.dbapi import Error as DriverError
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portfolio_twin.errors import DatabaseUnavailable, InvalidInput, NotFound, TwinError

FOREIGN_KEY_VIOLATION = "23503"
# Class of the SQLSTATE → what it means here. Refused logins are ours to repair as much as a server that is down.
UNAVAILABLE = {
    "08": "the connection failed",
    "28": "the login was refused",
    "3D": "the database does not exist",
    "40": "the transaction met another one",
    "53": "the server is out of resources",
    "55": "an object is locked",
    "57": "the statement was cancelled, or the server is going down",
    "58": "the server has a system error",
    "XX": "the server has an internal error",
}
CONNECTION_LOST = ("08", "57P")
BAD_DATA = "22"


def sqlstate(error: BaseException | None) -> str | None:
    """The five characters that PostgreSQL sent, in the form that pg8000 gives them."""
    fields = error.args[0] if error is not None and error.args else None
    return str(fields["C"]) if isinstance(fields, dict) and "C" in fields else None


@contextmanager
def database_errors() -> Iterator[None]:
    """Goes around calls of the driver and nothing else: an OSError from elsewhere is not the database's."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("every connection is busy") from error
    except UnicodeEncodeError as error:
        raise InvalidInput("text that is no valid Unicode") from error
    except (DBAPIError, DriverError) as error:  # COPY goes past SQLAlchemy: its errors come bare
        if translated := _translated(error.orig if isinstance(error, DBAPIError) else error):
            raise translated from error
        raise
    except OSError as error:  # a socket's time limit is the builtin TimeoutError, and pg8000 lets it through
        raise DatabaseUnavailable(f"PostgreSQL does not answer: {error}") from error


def _translated(error: BaseException | None) -> TwinError | None:
    """None for what can only be a mistake of ours, such as SQL that does not parse."""
    state = sqlstate(error)
    if state is None:
        return DatabaseUnavailable(f"PostgreSQL cannot be reached: {error}")
    if state[:2] in UNAVAILABLE:
        return DatabaseUnavailable(f"{UNAVAILABLE[state[:2]]} ({state})")
    if state == FOREIGN_KEY_VIOLATION:
        return NotFound("what this refers to does not exist")
    if state[:2] == BAD_DATA:
        return InvalidInput(f"a value that the database cannot hold ({state})")
    return None


def connection_broke(error: BaseException) -> bool:
    """Whether a connection that was there has ended: not one that waited too long, nor one that was never made."""
    cause = error.__cause__ if isinstance(error, DatabaseUnavailable) else None
    if isinstance(cause, DBAPIError):
        cause = cause.orig
    if isinstance(cause, DriverError):
        if (state := sqlstate(cause)) is not None:
            return state.startswith(CONNECTION_LOST)
        cause = cause.__cause__ or ConnectionResetError()  # the driver read the end of the stream
    return isinstance(cause, ConnectionError) and not isinstance(cause, ConnectionRefusedError)


def replace_dead_connection(connection: DBAPIConnection, _record: object, _proxy: object) -> None:
    """A `checkout` listener: a frozen Lambda wakes up with connections that the server has long closed.

    SQLAlchemy's own `pool_pre_ping` lets the driver's bare OSError through, as a failed request.
    """
    try:
        connection.cursor().execute("select 1")
    except (DriverError, OSError) as error:
        raise DisconnectionError("the connection has died meanwhile") from error


def drop_broken_connection(context: ExceptionContext) -> None:
    """A `handle_error` listener: what failed inside the driver leaves the connection a reply out of step.

    Back in the pool it would answer the next request with this one's rows.
    """
    state = sqlstate(context.original_exception)
    if state is None or state.startswith(CONNECTION_LOST):
        context.is_disconnect = True
