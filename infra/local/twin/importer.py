"""`twin import`: canonical files into PostgreSQL. The files are checked whole before anything is stored."""

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from portfolio_twin.adapters.files.sheets import Reading
from portfolio_twin.adapters.postgres.database import Database, TenantName
from portfolio_twin.adapters.postgres.tenant_rows import add_tenant
from portfolio_twin.errors import ImportRefused
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles
from portfolio_twin.services.imports.import_data import ImportReport, import_data, list_bad_rows
from portfolio_twin.services.tenants.add_tenant import tenant_id_of


class Imported(NamedTuple):
    tenant_id: UUID
    report: ImportReport


def import_canonical(
    database: Database,
    tenant_name: str,
    properties: Path,
    interactions: Path | None,
    *,
    skip_bad_rows: bool = False,
    console: Console | None = None,
) -> Imported:
    """Stores both files in one transaction, or raises ImportRefused and stores nothing. Twice changes nothing."""
    tenant = find_tenant(database, tenant_name)
    with _progress(console) as progress, database.tenant_session(tenant.tenant_id) as session:
        add_tenant(session, tenant.name)
        given = GivenFiles(_watched(properties, progress), _watched(interactions, progress) if interactions else None)
        storing = progress.add_task("store", total=None)
        report = import_data(
            session, given, skip_bad_rows=skip_bad_rows, checked=lambda: progress.update(storing, total=2, completed=1)
        )
        session.commit()
        progress.update(storing, completed=2)
    for bad_row in list_bad_rows(report.bad):
        progress.console.print(f"left out: {bad_row}", markup=False, highlight=False)
    for remark in report.remarks:
        progress.console.print(f"{properties.name}: {remark}", markup=False, highlight=False, soft_wrap=True)
    return Imported(tenant.tenant_id, report)


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


def _watched(path: Path, progress: Progress) -> GivenFile:
    task = progress.add_task(f"check {path.name}", total=path.stat().st_size if path.exists() else None)
    return GivenFile(str(path), path, Reading(lambda read: progress.update(task, completed=read)))


def _progress(console: Console | None) -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console or Console(quiet=True))
