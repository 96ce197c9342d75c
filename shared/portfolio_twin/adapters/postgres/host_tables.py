"""A host's own tables, read into files for an import: by the two views, or by the tenant's own queries."""

from pathlib import Path
from typing import BinaryIO, NamedTuple

from pg8000.dbapi import Error as DriverError
from sqlalchemy import text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.domain.properties import NUMERIC_INPUTS, TEXT_COLUMNS
from portfolio_twin.errors import ImportRefused

READ_ONLY = text("select app.read_only()")
OWN_QUERIES = text("select properties, interactions from app.host_queries")
OF_THE_TENANT = "where tenant_id = cast(current_setting('app.tenant_id') as uuid)"
COLUMNS = ", ".join(("property_id", *NUMERIC_INPUTS, *TEXT_COLUMNS, "attributes"))
PROPERTIES = " ".join(("select", COLUMNS, "from app.host_properties", OF_THE_TENANT, "order by property_id"))
INTERACTIONS = " ".join(("select user_id, property_id, kind, occurred_at from app.host_interactions", OF_THE_TENANT))
# Fixed in its columns and its order, so that the same facts are the same file.
AS_PROPERTIES = "select * from ({}) as given"
AS_INTERACTIONS = """
    select user_id, property_id, kind,
        to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as occurred_at
    from ({}) as given order by occurred_at, user_id, property_id, kind
"""


class HostRows(NamedTuple):
    properties: int
    interactions: int


def copy_host_tables(session: TenantSession, properties: Path, interactions: Path) -> HostRows:
    """Writes both as CSV files with a header; raises ImportRefused. The session can write nothing after it."""
    own = session.execute(OWN_QUERIES).one_or_none()
    session.execute(READ_ONLY)
    asked = PROPERTIES if own is None or own.properties is None else AS_PROPERTIES.format(own.properties)
    about = INTERACTIONS if own is None or own.interactions is None else own.interactions
    with properties.open("wb") as file:
        first = _copy(session, asked, file)
    with interactions.open("wb") as file:
        return HostRows(first, _copy(session, AS_INTERACTIONS.format(about), file))


def _copy(session: TenantSession, query: str, file: BinaryIO) -> int:
    """Raises ImportRefused for a query or a view that does not do."""
    try:
        return session.copy_to(f"copy ({query}) to stdout (format csv, header)", file)
    except DriverError as error:
        told = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        raise ImportRefused(f"the host's tables cannot be read: {told.get('M', error)} ({told.get('C')})") from error
