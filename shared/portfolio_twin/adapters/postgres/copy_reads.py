"""Bulk reads for the pipelines, by COPY: by far the fastest way out of the driver. A key range bounds the memory.

COPY takes no parameters: values travel as settings of the transaction, so the statements are constant text. They are
set inside a SQL function, because RDS Proxy pins the session of whoever sends `set_config` itself.
"""

import csv
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from io import TextIOWrapper
from typing import Any

from sqlalchemy import Column, Integer, cast, func, select, text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_upsert import DIALECT
from portfolio_twin.adapters.postgres.tables import mean_confidence, properties
from portfolio_twin.adapters.postgres.tables import users as users_table
from portfolio_twin.domain.csv.canonical import read_catalogue, read_interactions
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import NUMERIC_INPUTS, TEXT_COLUMNS, Catalogue

READ_AS = {
    "renovation_needed": cast(properties.c.renovation_needed, Integer).label("renovation_needed"),
    "confidence": mean_confidence,
}
COLUMNS = [READ_AS.get(name, properties.c[name]) for name in (*NUMERIC_INPUTS, *TEXT_COLUMNS, "attributes")]
CATALOGUE = str(select(properties.c.property_id, *COLUMNS).compile(dialect=DIALECT))
CHANGED = """(updated_at >= cast(current_setting('copy.changed_since') as timestamptz) or property_id in (
    select property_id from interactions where recorded_at >= cast(current_setting('copy.changed_since') as timestamptz)
))"""
LOG = """select user_id, property_id, kind, to_char(occurred_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from interactions"""


def copy_data(session: TenantSession, lookback_days: int | None = None) -> Dataset:
    """What a model learns from: the whole catalogue, and the interactions of the last days (None: all)."""
    log = copy_log(session, lookback=None if lookback_days is None else timedelta(days=lookback_days))
    return Dataset(copy_catalogue(session), log)  # the catalogue second, so that it holds every property of the log


def copy_catalogue(
    session: TenantSession, *, after: str | None = None, until: str | None = None, changed_since: datetime | None = None
) -> Catalogue:
    """The properties with after < id ≤ until that changed, or were dealt with, at or after a moment; by id."""
    where = _narrow(
        session,
        after=(after, "property_id > current_setting('copy.after')"),
        until=(until, "property_id <= current_setting('copy.until')"),
        changed_since=(changed_since, CHANGED),
    )
    return read_catalogue(_copy(session, f"{CATALOGUE} {where} order by property_id"))


def copy_property_ids(session: TenantSession) -> Iterator[str]:
    rows = csv.reader(_copy(session, "select property_id from properties"))
    next(rows)  # the header
    return (property_id for (property_id,) in rows)


def copy_user_ids(session: TenantSession) -> set[int]:
    rows = csv.reader(_copy(session, "select user_id from users"))
    next(rows)  # the header
    return {int(user_id) for (user_id,) in rows}


def copy_log(
    session: TenantSession,
    *,
    users: Collection[int] | None = None,
    lookback: timedelta | None = None,
) -> InteractionLog:
    """What stands of these users (None: all), in the order of time."""
    of_users = None if users is None else "{" + ",".join(str(int(user)) for user in users) + "}"
    since = None if lookback is None else datetime.now(UTC) - lookback
    where = _narrow(
        session,
        users=(of_users, "user_id = any(cast(current_setting('copy.users') as bigint[]))"),
        since=(since, "occurred_at >= cast(current_setting('copy.since') as timestamptz)"),
    )
    return read_interactions(_copy(session, f"{LOG} {where} order by occurred_at, kind = 'clear', event_id"))


def property_bounds(session: TenantSession, size: int) -> list[str]:
    """The last id of every full range of `size` properties but the last range, which stays open."""
    return _bounds(session, properties.c.property_id, size)


def user_bounds(session: TenantSession, size: int) -> list[int]:
    return _bounds(session, users_table.c.user_id, size)


def user_ids(session: TenantSession, after: int | None, until: int | None) -> list[int]:
    """The investors with after < id ≤ until."""
    key = users_table.c.user_id
    limits = [key > after] if after is not None else []
    limits += [key <= until] if until is not None else []
    return list(session.execute(select(key).where(*limits)).scalars())


def changed_users(session: TenantSession, since: datetime) -> list[int]:
    """Who did something that was recorded at or after a moment."""
    query = text("select distinct user_id from interactions where recorded_at >= :since order by user_id")
    return list(session.execute(query, {"since": since}).scalars())


def watermark(session: TenantSession) -> datetime:
    """What commits after this moment carries at least this time: the start of the oldest transaction under way.

    Read it before the data; it is the next `changed_since`, and nothing that was under way meanwhile is missed.
    """
    query = text("""
        select least(now(), min(xact_start)) from pg_stat_activity
        where datname = current_database() and backend_type = 'client backend'
    """)
    moment: datetime = session.execute(query).scalar_one()
    return moment


def _narrow(session: TenantSession, **conditions: tuple[object, str]) -> str:
    """Sets the values that were given, and gives the WHERE clause that reads them."""
    given = {name: (str(value), condition) for name, (value, condition) in conditions.items() if value is not None}
    if not given:
        return ""
    settings = ", ".join(f"app.set_local('{name}', :{name})" for name in given)
    session.execute(text(f"select {settings}"), {name: value for name, (value, _) in given.items()})
    return "where " + " and ".join(condition for _, condition in given.values())


def _copy(session: TenantSession, query: str) -> TextIOWrapper:
    return TextIOWrapper(session.copy_out(f"copy ({query}) to stdout (format csv, header)"), "utf-8", newline="")


def _bounds(session: TenantSession, key: "Column[Any]", size: int) -> list[Any]:
    count, n = func.count().over().label("total"), func.row_number().over(order_by=key).label("n")
    numbered = select(key, n, count).subquery()
    last = (numbered.c.n % size == 0) & (numbered.c.n < numbered.c.total)
    return list(session.execute(select(numbered.c[key.name]).where(last).order_by(numbered.c.n)).scalars())
