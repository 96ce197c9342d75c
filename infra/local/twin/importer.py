"""`twin import`: canonical CSVs into PostgreSQL. The files are checked whole before anything is stored."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from infra.local.twin.csv_files import lines
from portfolio_twin.adapters.postgres.copy_reads import copy_property_ids
from portfolio_twin.adapters.postgres.copy_writes import store_catalogue, store_log
from portfolio_twin.adapters.postgres.database import Database, TenantName
from portfolio_twin.adapters.postgres.tenant_rows import add_tenant
from portfolio_twin.domain.csv.checks import (
    BadRow,
    CheckedInteractions,
    CheckedProperties,
    check_interactions,
    check_properties,
)
from portfolio_twin.errors import InvalidInput, UnreadableInput
from portfolio_twin.services.tenants.add_tenant import tenant_id_of

LISTED_ROWS = 100

Checked = TypeVar("Checked", CheckedProperties, CheckedInteractions)


class ImportRefused(InvalidInput):
    """Nothing was stored; the message lists file, line, reason and remedy."""


class ImportReport(NamedTuple):
    tenant_id: UUID
    properties: int  # good rows
    interactions: int
    stored_properties: int  # of them new or changed
    stored_interactions: int
    bad_rows: tuple[str, ...]  # left out, with --skip-bad-rows

    @property
    def changed(self) -> bool:
        return bool(self.stored_properties or self.stored_interactions)

    def summary(self) -> str:
        skipped = f"; {len(self.bad_rows):,} bad rows left out" if self.bad_rows else ""
        return (
            f"{self.properties:,} properties ({self.stored_properties:,} new or changed), "
            f"{self.interactions:,} interactions ({self.stored_interactions:,} new){skipped}"
        )


def import_canonical(
    database: Database,
    tenant_name: str,
    properties: Path,
    interactions: Path | None,
    *,
    skip_bad_rows: bool = False,
    console: Console | None = None,
) -> ImportReport:
    """Stores both files in one transaction, or raises ImportRefused and stores nothing. Twice changes nothing."""
    tenant = find_tenant(database, tenant_name)
    progress = _progress(console)
    with progress:
        checked = _read(properties, check_properties, progress)
        ids = set(checked.catalogue.ids) | _stored_ids(database, tenant)
        log = _read(interactions, lambda given: check_interactions(given, ids), progress) if interactions else None
        bad = _listed(properties, checked.bad) + (_listed(interactions, log.bad) if interactions and log else [])
        nothing_good = not len(checked.catalogue) or (log is not None and not len(log.log))
        if bad and (not skip_bad_rows or nothing_good):
            raise ImportRefused(_refusal(bad, nothing_good=nothing_good))
        task = progress.add_task("store", total=2)
        with database.tenant_session(tenant.tenant_id) as session:
            add_tenant(session, tenant.name)
            changed = store_catalogue(session, checked.catalogue, checked.fields)
            progress.advance(task)
            new = store_log(session, log.log) if log else 0
            progress.advance(task)
            session.commit()
    for bad_row in bad[:LISTED_ROWS]:
        progress.console.print(f"left out: {bad_row}", markup=False, highlight=False)
    return ImportReport(
        tenant_id=tenant.tenant_id, properties=len(checked.catalogue), interactions=len(log.log) if log else 0,
        stored_properties=changed, stored_interactions=new, bad_rows=tuple(bad),
    )  # fmt: skip


def find_tenant(database: Database, name: str) -> TenantName:
    """By name or id; one that is not there yet gets its id from its name, or is the id that was given."""
    for tenant in database.list_tenants():
        if name in (tenant.name, str(tenant.tenant_id)):
            return tenant
    with suppress(ValueError):
        return TenantName(UUID(name), name)
    try:
        return TenantName(tenant_id_of(name), name)
    except ValueError as error:
        raise ImportRefused(f"{error} — give --tenant NAME") from error


def _stored_ids(database: Database, tenant: TenantName) -> set[str]:
    with database.tenant_session(tenant.tenant_id) as session:
        return copy_property_ids(session)


def _read(path: Path, check: Callable[[Iterable[str]], Checked], progress: Progress) -> Checked:
    task = progress.add_task(f"check {path.name}", total=path.stat().st_size if path.exists() else None)
    try:
        return check(lines(path, lambda read: progress.update(task, completed=read)))
    except UnreadableInput as error:
        raise ImportRefused(f"{path}: {error}; nothing was stored") from error


def _listed(path: Path, bad: Sequence[BadRow]) -> list[str]:
    return [f"{path}:{row.line}: {row.reason}" for row in bad]


def _refusal(bad: Sequence[str], *, nothing_good: bool) -> str:
    more = [f"… and {len(bad) - LISTED_ROWS:,} more"] if len(bad) > LISTED_ROWS else []
    way_out = "a file without one good row cannot be imported" if nothing_good else "--skip-bad-rows stores the others"
    return "\n".join([f"{len(bad):,} bad rows, nothing was stored; {way_out}", *bad[:LISTED_ROWS], *more])


def _progress(console: Console | None) -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console or Console(quiet=True))
