"""`twin`: the whole product on one machine."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from infra.local.system import DEFAULT_STATE, local_system, postgres_of, reached_system
from infra.local.twin import cli_models, tenants
from infra.local.twin.cli_models import State
from infra.local.twin.exits import give_up, to_type
from portfolio_twin.errors import TwinError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)
app.add_typer(cli_models.app)
app.add_typer(tenants.app, name="tenant")
console = Console()


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
    from infra.local.twin.demo import run_demo

    run_demo(state, data, console)


@app.command()
def serve(
    port: Annotated[int, typer.Option(help="of the gateway", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option(help="0.0.0.0 lets other machines and containers in")] = "127.0.0.1",
    processes: Annotated[
        int | None, typer.Option(help="that answer, some 200 MB each; as many as there are cores, 4 at most", min=1)
    ] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """The API and the explorer on this machine, until Ctrl-C; documentation is at /docs."""
    import signal
    import threading

    from infra.local.cloud.gateway_processes import PROCESSES, gateway_processes
    from infra.local.twin.tenants import links_of

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service manager's Ctrl-C: PostgreSQL stops as well
    with local_system(state) as system, gateway_processes(state.resolve(), port, host, processes or PROCESSES) as url:
        name = ""
        for name, link in links_of(system, url).items():
            console.print(f"the explorer as {name}:\n{link}", soft_wrap=True, markup=False, highlight=False)
        told = f"the API at {url}, its documentation at {url}/docs"
        token = to_type("token", "--tenant", name, state=state) if name else "after the first import"
        console.print(f"{told}, a token: {token}", soft_wrap=True, markup=False, highlight=False)
        console.print("Ctrl-C stops it")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            console.print("stopped")


@app.command("import")
def import_command(
    tenant: Annotated[str, typer.Option("--tenant", "--tenant-id", help="name of the tenant; made if it is new")],
    properties: Annotated[
        Path, typer.Option(help="canonical properties: CSV, gzip or Parquet", exists=True, dir_okay=False)
    ],
    interactions: Annotated[
        Path | None, typer.Option(help="canonical interactions: CSV, gzip or Parquet", exists=True, dir_okay=False)
    ] = None,
    *,
    skip_bad_rows: Annotated[
        bool, typer.Option("--skip-bad-rows", help="store the good rows and list the others")
    ] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Stores a tenant's properties and interactions; the same files again change nothing."""
    from infra.local.twin.importer import import_canonical

    with reached_system(state) as system:
        tenant_id, report = import_canonical(
            system.database, tenant, properties, interactions, skip_bad_rows=skip_bad_rows, console=console
        )
        console.print(f"[bold]{tenant}[/] ({tenant_id}): {report.summary()}")
        if system.tenant(tenant_id).bucket.models.serving() is None:
            console.print(
                f"nothing answers for it yet: {to_type('retrain', '--tenant', tenant, state=state)}", soft_wrap=True
            )


@app.command()
def simulate(
    market: Annotated[str, typer.Option(help="harborview, mesa or chesapeake")] = "harborview",
    out: Annotated[Path, typer.Option(help="folder for the CSVs and the truth", file_okay=False)] = Path(
        "build/simulated"
    ),
    seed: Annotated[int, typer.Option(help="the same seed makes the same market")] = 7,
) -> None:
    """Invents a metropolitan market with investors whose wishes are on file, as canonical CSVs."""
    from infra.simulator import MARKETS, write_canonical
    from infra.simulator import simulate as make

    if market not in MARKETS:
        raise typer.BadParameter(f"choose one of {', '.join(MARKETS)}", param_hint="--market")
    simulation = make(MARKETS[market], seed)
    write_canonical(simulation, out)
    console.print(f"{len(simulation.catalogue)} properties, {len(simulation.log)} interactions in {out}")


@app.command()
def token(
    tenant: Annotated[
        str | None, typer.Option("--tenant", "--tenant-id", help="name or id of a tenant that was imported")
    ] = None,
    scopes: Annotated[str, typer.Option(help="what the token may do")] = "twin/read twin/write",
    *,
    operator: Annotated[
        bool, typer.Option("--operator", help="a token that makes and deletes tenants, and names none")
    ] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """A development token for the gateway of this machine."""
    from infra.local.twin.tokens import issue_token
    from portfolio_twin.adapters.postgres.database import Database
    from portfolio_twin.adapters.postgres.engine import DatabaseAccess

    if operator == (tenant is not None):
        raise typer.BadParameter("give --tenant NAME, or --operator")
    if tenant is None:
        print(issue_token(state.resolve(), None, "twin/admin"))
        return
    urls = postgres_of(state.resolve())  # shared with a `twin serve` that is running
    database = Database(DatabaseAccess(SecretStr(urls.pipeline)))
    print(issue_token(state.resolve(), tenants.tenant_of(database, tenant), scopes))


def main() -> None:
    try:
        app()
    except TwinError as error:
        give_up(f"{type(error).__name__}: {error}")
