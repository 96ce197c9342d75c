"""`twin`: the whole product on one machine."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer
from pydantic import SecretStr
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from infra.local.system import DEFAULT_STATE, local_system
from portfolio_twin.errors import TwinError

if TYPE_CHECKING:
    from portfolio_twin.adapters.database import Database

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
console = Console(soft_wrap=False)

State = Annotated[Path, typer.Option(help="folder in which everything local is kept")]
TenantName = Annotated[str, typer.Option("--tenant", help="name or id of a tenant that was imported")]
Version = Annotated[str, typer.Argument(help="a version as `twin models` lists it")]


@app.command()
def demo(
    data: Annotated[
        Path | None,
        typer.Option(
            help="folder with properties.csv[.gz] and, if any, interactions.csv[.gz]", exists=True, file_okay=False
        ),
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Two tenants from nothing to answers: import, train, gate, deploy, index, ask."""
    from infra.local.demo import run_demo

    run_demo(state, data, console)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="of the gateway")] = 8000,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets other machines and containers in")] = "127.0.0.1",
    state: State = DEFAULT_STATE,
) -> None:
    """The API on this machine, until Ctrl-C; its documentation is at /docs."""
    import threading

    from infra.local import gateway

    with local_system(state):
        url = gateway.start(state.resolve(), port, host)
        console.print(
            f"serving at {url}, documentation at {url}/docs\na token: twin token --tenant NAME\nCtrl-C stops it"
        )
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console.print("stopped")


@app.command("import")
def import_command(
    tenant: Annotated[str, typer.Option(help="name of the tenant; made if it is new")],
    properties: Annotated[Path, typer.Option(help="canonical properties.csv[.gz]", exists=True, dir_okay=False)],
    interactions: Annotated[
        Path | None, typer.Option(help="canonical interactions.csv[.gz]", exists=True, dir_okay=False)
    ] = None,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="store the good rows and list the others")
    ] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Stores a tenant's properties and interactions; the same files again change nothing."""
    from infra.local.importer import import_canonical

    with local_system(state) as system:
        report = import_canonical(
            system.database, tenant, properties, interactions, skip_bad_rows=skip_bad_rows, console=console
        )
        console.print(f"[bold]{tenant}[/] ({report.tenant_id}): {report.summary()}")


@app.command()
def simulate(
    market: Annotated[str, typer.Option(help="harborview or mesa")] = "harborview",
    out: Annotated[Path, typer.Option(help="folder for the CSVs and the truth")] = Path("build/simulated"),
    seed: Annotated[int, typer.Option(help="the same seed makes the same market")] = 7,
) -> None:
    """Invents a metropolitan market with investors whose hidden wishes are known, as canonical CSVs."""
    from infra.local.simulator import MARKETS, write_canonical
    from infra.local.simulator import simulate as make

    if market not in MARKETS:
        raise typer.BadParameter(f"choose one of {', '.join(MARKETS)}", param_hint="--market")
    simulation = make(MARKETS[market], seed)
    write_canonical(simulation, out)
    console.print(f"{len(simulation.catalogue)} properties, {len(simulation.log)} interactions in {out}")


@app.command()
def retrain(
    tenant: Annotated[list[str] | None, typer.Option(help="name or id; may be given again. Default: all")] = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    lookback_days: Annotated[int | None, typer.Option(min=1, help="learn from the last days only")] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Runs the retrain machine: checks, snapshot, training, gates, deployment, index, promotion."""
    from infra.local.retraining import retrain_tenants

    with local_system(state) as system:
        tenants = (
            [tenant_of(system.database, name) for name in tenant]
            if tenant
            else list(tenants_by_name(system.database).values())
        )
        names = {tenant_id: name for name, tenant_id in tenants_by_name(system.database).items()}
        runs = retrain_tenants(
            system, {t: names[t] for t in tenants}, console, epochs=epochs, lookback_days=lookback_days
        )
        for run in runs:
            console.print(f"{names[UUID(run.tenant_id)]}: {run.outcome}, {run.version}")
        if any(run.outcome == "Failed" for run in runs):
            raise typer.Exit(1)


@app.command()
def models(tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """The published versions of a tenant, and which of them is live."""
    with local_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        live, table = system.registry.live(tenant_id), Table("version", "kind", "created", "NDCG@10", "")
        for version in system.registry.versions(tenant_id):
            manifest = json.loads(system.registry.read(f"{tenant_id}/models/{version}/manifest.json"))
            quality = manifest["metrics"].get("ranking", {}).get("twin", {}).get("ndcg_at_10")
            place = {live.version: "[green]live[/]", live.previous: "previous"}.get(version, "") if live else ""
            table.add_row(
                version, manifest["kind"], manifest["created_at"], f"{quality:.3f}" if quality else "–", place
            )
        console.print(table)


@app.command()
def promote(version: Version, tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """Indexes a published version where that is still to do, then makes it the live one."""
    from infra.local.retraining import index_tenant

    with local_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        if version not in system.registry.versions(tenant_id):
            raise typer.BadParameter(f"{version} is not published; `twin models --tenant {tenant}` lists what is")
        index_tenant(system, tenant_id, version, console)
        live = system.registry.promote(tenant_id, version, by="twin promote", expected=system.registry.live(tenant_id))
        console.print(f"live: [green]{live.version}[/], previous: {live.previous}")


@app.command()
def rollback(tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """Makes the previous version live again; its vectors are still in the index."""
    with local_system(state) as system:
        live = system.registry.rollback(tenant_of(system.database, tenant), by="twin rollback")
        console.print(f"live: [green]{live.version}[/], previous: {live.previous}")


@app.command()
def index(
    tenant: TenantName,
    recreate: Annotated[bool, typer.Option("--recreate", help="drop this version's points first")] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Runs the reindex machine for the live model of a tenant."""
    from infra.local.retraining import index_tenant

    with local_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        live = system.registry.live(tenant_id)
        if live is None:
            raise SystemExit(f"{tenant} has no model yet: run `twin retrain --tenant {tenant}` first")
        index_tenant(system, tenant_id, live.version, console, recreate=recreate)


@app.command()
def token(
    tenant: TenantName,
    scopes: Annotated[str, typer.Option(help="what the token may do")] = "twin/read twin/write",
    state: State = DEFAULT_STATE,
) -> None:
    """A development token for the gateway of this machine."""
    from infra.local import postgres
    from infra.local.tokens import issue_token
    from portfolio_twin.adapters.database import Database, DatabaseAccess

    urls = postgres.start(state.resolve())  # shared with a `twin serve` that is running
    database = Database(DatabaseAccess(SecretStr(urls.pipeline)))
    print(issue_token(state.resolve(), tenant_of(database, tenant), scopes))


def tenants_by_name(database: "Database") -> dict[str, UUID]:
    return {tenant.name: tenant.tenant_id for tenant in database.list_tenants()}


def tenant_of(database: "Database", name: str) -> UUID:
    known = tenants_by_name(database)
    found = known.get(name) or next((t for t in known.values() if str(t) == name), None)
    if found is None:
        raise typer.BadParameter(f"no tenant {name!r}; there are: {', '.join(known) or 'none yet, import one first'}")
    return found


def main() -> None:
    try:
        app()
    except TwinError as error:
        console.print(f"[red]{type(error).__name__}[/]: {escape(str(error))}")
        sys.exit(2)
