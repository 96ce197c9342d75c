"""`twin import`: canonical files into PostgreSQL. The files are checked whole before anything is stored."""

from pathlib import Path
from typing import NamedTuple
from uuid import UUID, uuid5

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.dialects.postgresql import insert

from portfolio_twin.adapters.files.sheets import Reading
from portfolio_twin.adapters.postgres.database import Database, TenantName
from portfolio_twin.adapters.postgres.tables import tenants
from portfolio_twin.errors import ImportRefused
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles
from portfolio_twin.services.imports.import_data import ImportReport, import_data, list_bad_rows

TENANTS = UUID("b1d0a9f6-57a5-4c7e-8f2b-93f6f0f0c3aa")  # the same name makes the same tenant on every machine


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
        row = {"tenant_id": tenant.tenant_id, "name": tenant.name}
        session.execute(insert(tenants).values(row).on_conflict_do_nothing())
        given = GivenFiles(_watched(properties, progress), _watched(interactions, progress) if interactions else None)
        storing = progress.add_task("store", total=None)
        report = import_data(
            session, given, skip_bad_rows=skip_bad_rows, checked=lambda: progress.update(storing, total=2, completed=1)
        )
        session.commit()
        progress.update(storing, completed=2)
    for bad_row in list_bad_rows(report.bad):
        progress.console.print(f"left out: {bad_row}", markup=False, highlight=False)
    return Imported(tenant.tenant_id, report)


def find_tenant(database: Database, name: str) -> TenantName:
    """By name or id; one that is not there yet gets its id from its name, or is the id that was given."""
    for tenant in database.list_tenants():
        if name in (tenant.name, str(tenant.tenant_id)):
            return tenant
    if not name.strip() or not name.isprintable():
        raise ImportRefused("the tenant has no name that can be printed — give --tenant NAME")
    try:
        return TenantName(UUID(name), name)
    except ValueError:
        return TenantName(uuid5(TENANTS, name), name)


def _watched(path: Path, progress: Progress) -> GivenFile:
    task = progress.add_task(f"check {path.name}", total=path.stat().st_size if path.exists() else None)
    return GivenFile(str(path), path, Reading(lambda read: progress.update(task, completed=read)))


def _progress(console: Console | None) -> Progress:
    columns = (TextColumn("  {task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console or Console(quiet=True))
