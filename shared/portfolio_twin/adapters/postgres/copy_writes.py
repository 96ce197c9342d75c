"""Bulk writes for imports: COPY into temporary tables, some thousand rows at a time, then statements that touch only
what really changes. Nothing of the files stays in this process's memory.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import TextClause, text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_upsert import column_types, upsert_properties
from portfolio_twin.domain.csv.checks import PropertyRow
from portfolio_twin.domain.interactions import POSITIVE_KINDS, Interaction, natural_event_id
from portfolio_twin.domain.properties import AttributeValue

ROWS_IN_A_COPY = 20_000
ROWS_IN_A_MESSAGE = 1_000
EXACT_WHOLE = 2.0**53  # from here on a float's digits say more than it knows
ROWS_IN_A_STATEMENT = 1_000_000  # each statement has a time limit of its own

STAGE = (
    text(f"create temporary table staged_properties (line bigint, {column_types()}) on commit drop"),
    text("""
    create temporary table staged_interactions (
        line bigint, event_id uuid, user_id bigint, property_id text collate "C", kind text, occurred_at timestamptz
    ) on commit drop
    """),
)
LIST_REPEATED = text("""
    select line, property_id, first from (
        select line, property_id, min(line) over (partition by property_id) as first from staged_properties
    ) as numbered
    where line > first order by line limit :limit
""")
DROP_REPEATED = text("""
    delete from staged_properties as s
    using (select property_id, min(line) as first from staged_properties group by property_id having count(*) > 1) as t
    where s.property_id = t.property_id and s.line > t.first
""")
UNKNOWN = """
    from staged_interactions as s
    where not exists (select from properties as p where p.tenant_id = :tenant_id and p.property_id = s.property_id)
    and not exists (select from staged_properties as p where p.property_id = s.property_id)
"""
LIST_UNKNOWN = text(f"select s.line, s.property_id {UNKNOWN} order by s.line limit :limit")
DROP_UNKNOWN = text(f"delete {UNKNOWN}")  # this module's own words
# A plan that PostgreSQL keeps, also for its own checks of foreign keys, is one for the few rows that there were when it
# was made: over many it takes for ever. So plans are made anew, and a range is part of its statement's text.
FORGET_PLANS = text("discard plans")
# Texts of a column that holds nothing but numbers become numbers; one that a row does not state is taken away from it.
STATED = """(
    select {fields} property_id, cast(:absent as jsonb) || (
        select coalesce(jsonb_object_agg(key, case
            when not key = any(cast(:numeric as text[])) then to_jsonb(value)
            else to_jsonb(case value when 'True' then 1 when 'False' then 0 else cast(value as double precision) end)
        end), '{{}}') from jsonb_each_text(attributes)
    ) as attributes, field_confidence
    from staged_properties where line > {after} and line <= {until}
) as s"""
ADD_USERS = text("""
    insert into users (tenant_id, user_id)
    select distinct cast(:tenant_id as uuid), user_id from staged_interactions order by user_id on conflict do nothing
""")
ADD_INTERACTIONS = """
    with added as (
        insert into interactions (tenant_id, event_id, user_id, property_id, kind, occurred_at)
        select cast(:tenant_id as uuid), event_id, user_id, property_id, kind, occurred_at
        from staged_interactions where line > {after} and line <= {until} order by event_id
        on conflict do nothing returning kind
    )
    select count(*), count(*) filter (where kind = any(:positive)) from added
"""


class Added(NamedTuple):
    """Interactions that were new, and how many of them were deals or likes."""

    interactions: int
    positives: int


class Staged:
    """What one import brings, until it is stored or the transaction ends."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session
        for table in STAGE:
            session.execute(table)

    def add_properties(self, rows: Iterable[tuple[int, PropertyRow]], fields: Sequence[str], *, trusts: bool) -> None:
        """`trusts`: rows may say how far each field can be trusted."""
        columns = ("line", "property_id", *fields, "attributes", *(["field_confidence"] if trusts else []))
        cells = (_property_cells(line, row, fields) for line, row in rows)
        self._copy("staged_properties", columns, (each[: len(columns)] for each in cells))

    def add_interactions(self, rows: Iterable[tuple[int, Interaction]]) -> None:
        """An event is the same by its investor, property, kind and second."""
        columns = ("line", "event_id", "user_id", "property_id", "kind", "occurred_at")
        self._copy("staged_interactions", columns, (_interaction_cells(line, event) for line, event in rows))

    def drop_repeated(self, limit: int) -> tuple[int, list[tuple[int, str, int]]]:
        """Takes out the second row of a property; how many, and line, property and first line of some."""
        listed = [(row.line, row.property_id, row.first) for row in self._execute(LIST_REPEATED, limit=limit)]
        return self._execute(DROP_REPEATED).rowcount if listed else 0, listed

    def drop_unknown(self, limit: int) -> tuple[int, list[tuple[int, str]]]:
        """Takes out interactions whose property is neither stored nor staged; how many, and line and property."""
        listed = [(row.line, row.property_id) for row in self._execute(LIST_UNKNOWN, limit=limit)]
        return self._execute(DROP_UNKNOWN).rowcount if listed else 0, listed

    def counts(self) -> tuple[int, int]:
        """Rows of properties and of interactions."""
        question = "select (select count(*) from staged_properties), (select count(*) from staged_interactions)"
        properties, interactions = self._execute(text(question)).one()
        return int(properties), int(interactions)

    def store_properties(self, fields: Sequence[str], numeric: Mapping[str, bool]) -> int:
        """How many were new or changed. Only `fields` and these attributes are touched; numeric: all their values."""
        names = "".join(f"{name}, " for name in fields)
        given = {
            "absent": json.dumps(dict.fromkeys(numeric)),
            "numeric": [name for name, is_numeric in numeric.items() if is_numeric],
        }
        self._execute(FORGET_PLANS)
        sources = [STATED.format(fields=names, **one) for one in self._ranges("staged_properties")]
        statements = [upsert_properties(source, tuple(fields), merge=True) for source in sources]
        return sum(int(self._execute(statement, **given).scalar_one()) for statement in statements)

    def store_interactions(self) -> Added:
        self._execute(FORGET_PLANS)
        self._execute(ADD_USERS)
        positive = list(POSITIVE_KINDS)
        statements = [text(ADD_INTERACTIONS.format(**one)) for one in self._ranges("staged_interactions")]
        added = [self._execute(statement, positive=positive).one() for statement in statements]
        return Added(sum(int(new) for new, _ in added), sum(int(positives) for _, positives in added))

    def _copy(self, table: str, columns: Sequence[str], rows: Iterator[Sequence[Any]]) -> None:
        """What goes wrong with the file goes wrong between two COPYs, where the connection is no reply out of step."""
        query = f"copy {table} ({', '.join(columns)}) from stdin (format csv)"
        while batch := list(islice(rows, ROWS_IN_A_COPY)):
            self._session.copy_in(query, _messages(batch))
        self._execute(text(f"analyze {table}"))  # nobody else does it for a temporary table, and plans depend on it

    def _ranges(self, table: str) -> list[dict[str, int]]:
        last = int(self._execute(text(f"select coalesce(max(line), 0) from {table}")).scalar_one())  # noqa: S608  # as above
        return [{"after": at, "until": at + ROWS_IN_A_STATEMENT} for at in range(0, last, ROWS_IN_A_STATEMENT)]

    def _execute(self, statement: TextClause, **values: Any) -> Any:
        known = {"tenant_id": self._session.tenant_id} | values
        return self._session.execute(statement, {name: known[name] for name in statement.compile().params})


def _property_cells(line: int, row: PropertyRow, fields: Sequence[str]) -> Sequence[Any]:
    texts = {name: _text(value) for name, value in row.attributes.items()}
    stated = (getattr(row, name) for name in fields)
    return line, row.property_id, *stated, json.dumps(texts), json.dumps(row.field_confidence)


def _text(value: AttributeValue) -> str | None:
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_WHOLE:
        return str(int(value))
    return None if value is None else str(value)


def _interaction_cells(line: int, event: Interaction) -> Sequence[Any]:
    seconds = int(event.occurred_at.timestamp())
    key = natural_event_id(event.user_id, event.property_id, event.kind, seconds)
    return line, key, event.user_id, event.property_id, event.kind, event.occurred_at.isoformat(timespec="seconds")


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
