"""Tenants by the name that a person types; and the commands that make, list and remove them."""

from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from infra.local.system import DEFAULT_STATE, ReachedSystem, reached_system
from infra.local.twin.tokens import issue_token
from portfolio_twin.adapters.postgres.database import Database

app = typer.Typer(no_args_is_help=True, help="Makes, lists and removes tenants.")
console = Console()

Name = Annotated[str, typer.Argument(help="of the tenant")]
State = Annotated[Path, typer.Option(help="folder in which everything local is kept")]
PAGE = 1_000


def tenants_by_name(database: Database) -> dict[str, UUID]:
    return {tenant.name: tenant.tenant_id for tenant in database.list_tenants()}


def links_of(system: ReachedSystem, url: str) -> dict[str, str]:
    """By tenant, a link that signs in; a fragment reaches no server and no log."""
    tenants = tenants_by_name(system.database).items()
    return {
        name: f"{url}/#{urlencode({'token': issue_token(system.state, tenant_id), 'tenant': name})}"
        for name, tenant_id in tenants
    }


def name_of(database: Database, tenant_id: UUID) -> str:
    return next(name for name, known in tenants_by_name(database).items() if known == tenant_id)


def tenant_of(database: Database, name: str) -> UUID:
    """By name or id; raises BadParameter with the names that there are."""
    tenants = tenants_by_name(database)
    for tenant_name, tenant_id in tenants.items():
        if name in (tenant_name, str(tenant_id)):
            return tenant_id
    raise typer.BadParameter(f"no tenant {name!r}; there are: {', '.join(tenants) or 'none yet, import one first'}")


@app.command()
def add(
    name: Name,
    tenant_id: Annotated[UUID | None, typer.Option("--id", help="default: made from the name")] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Makes a tenant with nothing in it; again changes nothing."""
    from portfolio_twin.services.tenants.add_tenant import TenantRequest, add_tenant

    try:
        request = TenantRequest(name=name, tenant_id=tenant_id)
    except ValueError as error:
        raise typer.BadParameter("1 to 200 characters that can be printed", param_hint="NAME") from error
    with reached_system(state) as system:
        made = add_tenant(system.stores, request)
    console.print(f"{made.name} ({made.tenant_id}) {'is made' if made.created else 'was there already'}")


@app.command("list")
def list_command(state: State = DEFAULT_STATE) -> None:
    """All tenants, by id."""
    from portfolio_twin.services.tenants.list_tenants import list_tenants

    table, cursor = Table("tenant", "name", "since"), None
    with reached_system(state) as system:
        while True:
            page = list_tenants(system.stores, cursor, PAGE)
            for one in page.tenants:
                table.add_row(str(one.tenant_id), one.name, f"{one.created_at:%Y-%m-%d %H:%M}")
            cursor = page.cursor
            if cursor is None:
                break
    console.print(table)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="name or id of the tenant")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask: there is no way back")] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Erases all that is stored of a tenant; a receipt stays. Cut short, it goes on where it was."""
    with reached_system(state) as system:
        tenant_id = _to_be_removed(system, name)
        if not yes:
            typer.confirm(f"erase all rows, models and vectors of {name} ({tenant_id})?", abort=True)
        _remove(system, tenant_id)


def _to_be_removed(system: ReachedSystem, name: str) -> UUID:
    """An id alone names one whose row has gone, so that a removal cut short can go on."""
    try:
        return UUID(name)
    except ValueError:
        return tenant_of(system.database, name)


def _remove(system: ReachedSystem, tenant_id: UUID) -> None:
    from portfolio_twin.services.tenants.delete_tenant import delete_tenant

    while True:
        deletion = delete_tenant(system.stores, tenant_id, by="twin tenant remove")
        erased = ", ".join(f"{count:,} {store}" for store, count in deletion.erased.items())
        console.print(f"{tenant_id}: {deletion.state}, {erased} erased")
        if deletion.state == "deleted":
            return
