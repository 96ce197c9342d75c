"""Bulk writes for imports: COPY into a temporary table, then one statement that touches only what really changes."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_upsert import column_types, upsert_properties
from portfolio_twin.domain.arrays import times_as_text
from portfolio_twin.domain.interactions import RECORDED_KINDS, InteractionLog, natural_event_id
from portfolio_twin.domain.properties import ATTRIBUTE_PREFIX, Catalogue, Column, attribute_name

WHOLE_NUMBERS = ("year_built", "renovation_needed")  # integer and boolean in the table, floats in a catalogue
ROWS_IN_A_MESSAGE = 1_000

STAGE_PROPERTIES = text(f"create temporary table staged_properties ({column_types()}) on commit drop")
STAGE_INTERACTIONS = text("""
    create temporary table staged_interactions
    (event_id uuid, user_id bigint, property_id text, kind text, occurred_at timestamptz) on commit drop
""")
ADD_USERS = text("""
    insert into users (tenant_id, user_id)
    select distinct cast(:tenant_id as uuid), user_id from staged_interactions order by user_id on conflict do nothing
""")
ADD_INTERACTIONS = text("""
    insert into interactions (tenant_id, event_id, user_id, property_id, kind, occurred_at)
    select cast(:tenant_id as uuid), event_id, user_id, property_id, kind, occurred_at
    from staged_interactions order by event_id on conflict do nothing
""")


def store_catalogue(session: TenantSession, catalogue: Catalogue, fields: Sequence[str]) -> int:
    """How many properties were new or changed. Only `fields` and the attributes that are columns here are touched."""
    session.execute(STAGE_PROPERTIES)
    columns = ", ".join(("property_id", *fields, "attributes"))
    session.copy_in(f"copy staged_properties ({columns}) from stdin (format csv)", _messages(_rows(catalogue, fields)))
    statement = upsert_properties("staged_properties as s", tuple(fields), merge=True)
    return int(session.execute(statement, {"tenant_id": session.tenant_id}).scalar_one())


def store_log(session: TenantSession, log: InteractionLog) -> int:
    """How many interactions were new; an event is the same by its investor, property, kind and second."""
    session.execute(STAGE_INTERACTIONS)
    session.copy_in("copy staged_interactions from stdin (format csv)", _messages(_events(log)))
    tenant = {"tenant_id": session.tenant_id}
    session.execute(ADD_USERS, tenant)
    return session.execute(ADD_INTERACTIONS, tenant).rowcount


def _rows(catalogue: Catalogue, fields: Sequence[str]) -> Iterator[Sequence[Any]]:
    cells = [_cells(name, catalogue.columns[name]) for name in fields]
    return zip(catalogue.ids.tolist(), *cells, _attributes(catalogue), strict=True)


def _cells(name: str, column: Column) -> list[Any]:
    """What csv writes as it stands: nothing for missing, whole numbers without a point."""
    if column.dtype == object:
        return list(column)
    written = int if name in WHOLE_NUMBERS else float
    return [None if value != value else written(value) for value in column.tolist()]


def _attributes(catalogue: Catalogue) -> Iterator[str]:
    """A JSON object per row; a cell that is empty says null, which takes an earlier value away."""
    named: Mapping[str, list[Any]] = {
        attribute_name(name): _cells(name, column)
        for name, column in catalogue.columns.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    for i in range(len(catalogue)):
        yield json.dumps({name: column[i] for name, column in named.items()})


def _events(log: InteractionLog) -> Iterator[Sequence[Any]]:
    columns = (log.users, log.properties, log.kinds, log.times)
    facts = zip(*(column.tolist() for column in columns), times_as_text(log.times), strict=True)
    for user, property_id, code, seconds, time in facts:
        kind = RECORDED_KINDS[code]
        yield natural_event_id(user, property_id, kind, seconds), user, property_id, kind, time


def _messages(rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """CSV, some rows at a time: the driver sends each as a message of its own."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, lineterminator="\n")
    for n, row in enumerate(rows, start=1):
        writer.writerow(row)
        if n % ROWS_IN_A_MESSAGE == 0:
            yield _drain(buffer)
    yield _drain(buffer)


def _drain(buffer: io.StringIO) -> bytes:
    data = buffer.getvalue().encode()
    buffer.seek(0)
    buffer.truncate()
    return data
