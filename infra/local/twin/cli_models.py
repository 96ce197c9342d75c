"""The commands of `twin` that make, judge and switch models."""

import shlex
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.table import Column, Table

from infra.local.system import DEFAULT_STATE, local_system, reached_system
from infra.local.twin.exits import give_up, to_type
from infra.local.twin.tenants import name_of, tenant_of, tenants_by_name
from portfolio_twin.model.config import Loss

app = typer.Typer()
console = Console()

State = Annotated[Path, typer.Option(help="folder in which everything local is kept")]
TenantName = Annotated[str, typer.Option("--tenant", "--tenant-id", help="name or id of a tenant that was imported")]
VERSION_CHARACTERS = 25
Version = Annotated[str, typer.Argument(help="a version as `twin models` lists it")]


def whole(heading: str) -> Column:
    """A column whose values are never cut off, however narrow the terminal: they are there to be copied."""
    return Column(heading, overflow="fold", min_width=VERSION_CHARACTERS)


@app.command()
def retrain(
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", "--tenant-id", help="name or id; may be given again. Default: all")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1)] = None,
    lookback_days: Annotated[int | None, typer.Option(min=1, help="learn from the last days only")] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Runs the retrain machine: checks, snapshot, training, gates, deployment, index, promotion."""
    from infra.local.twin.retraining import retrain_tenants, tell

    with local_system(state) as system:
        names = {tenant_id: name for name, tenant_id in tenants_by_name(system.database).items()}
        if tenant:
            names = {tenant_id: names[tenant_id] for tenant_id in (tenant_of(system.database, name) for name in tenant)}
        runs = retrain_tenants(system, names, console, epochs=epochs, lookback_days=lookback_days)
        if not tell(runs, names, console):
            raise typer.Exit(1)


@app.command()
def put(
    bundle: Annotated[Path, typer.Argument(help="folder that `twin train` wrote", exists=True, file_okay=False)],
    tenant: TenantName,
    state: State = DEFAULT_STATE,
) -> None:
    """Brings a bundle of `twin train` live, by the same gates as a retraining's."""
    from infra.local.twin.retraining import put_bundle, tell

    with local_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        name = name_of(system.database, tenant_id)
        if not tell(put_bundle(system, tenant_id, bundle, console, name=name), {tenant_id: name}, console):
            raise typer.Exit(1)


@app.command()
def train(  # a command's options are its parameters
    tenant: TenantName,
    output_dir: Annotated[
        Path, typer.Option(help="folder for the bundle, its report and its checkpoints", file_okay=False)
    ],
    *,
    epochs: Annotated[int | None, typer.Option()] = None,
    batch_size: Annotated[int | None, typer.Option()] = None,
    learning_rate: Annotated[float | None, typer.Option()] = None,
    loss: Annotated[Loss | None, typer.Option(help="what is minimised; the plain design has infonce alone")] = None,
    embedding_dim: Annotated[int | None, typer.Option(help="of every vector; what goes live must have 16")] = None,
    dropout: Annotated[float | None, typer.Option(help="share of a layer's outputs dropped in training")] = None,
    weight_decay: Annotated[float | None, typer.Option(help="of the optimizer; the plain design has none")] = None,
    hidden: Annotated[str | None, typer.Option(help="widths of the hidden layers: 128,64")] = None,
    temperature: Annotated[float | None, typer.Option(help="of infonce; the twin learns it from this start")] = None,
    device: Annotated[Literal["cpu", "cuda", "mps"], typer.Option()] = "cpu",
    lookback_days: Annotated[int | None, typer.Option(min=1, help="learn from the last days only")] = None,
    val_split: Annotated[float, typer.Option(min=0.01, max=1, help="share of the validation targets kept")] = 1,
    design: Annotated[
        Literal["twin", "plain"], typer.Option(help="plain: the yardstick, measured and reported, never served")
    ] = "twin",
    compare_baseline: Annotated[
        bool, typer.Option("--compare-baseline", help="train the plain design too, for the report: minutes")
    ] = False,
    state: State = DEFAULT_STATE,
) -> None:
    """Trains a bundle into a folder, without gates or promotion; cut short, it goes on where it was."""
    from infra.local.twin.training import train_tenant, training_options

    settings = training_options(
        epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, loss=loss, embedding_dim=embedding_dim,
        dropout=dropout, weight_decay=weight_decay, hidden=hidden, temperature=temperature,
    )  # fmt: skip
    options = {
        "device": device, "lookback_days": lookback_days, "val_split": val_split, "design": design,
        "baseline": compare_baseline,
    }  # fmt: skip
    with reached_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        train_tenant(system, tenant_id, output_dir, console, settings=settings, options=options)


@app.command()
def evaluate(
    tenant: TenantName,
    bundle: Annotated[str | None, typer.Option(help="a bundle's folder or a version; default: the live one")] = None,
    state: State = DEFAULT_STATE,
) -> None:
    """Ranks and classifies the held-out interactions of the data as it is now, beside popularity and content kNN."""
    from infra.local.twin.training import evaluate_tenant

    with reached_system(state) as system:
        evaluate_tenant(system, tenant_of(system.database, tenant), bundle, console)


@app.command()
def models(tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """The published versions of a tenant, and which of them is live."""
    with reached_system(state) as system:
        registry = system.tenant(tenant_of(system.database, tenant)).bucket.models
        live, table = registry.live(), Table(whole("version"), "kind", "created", "NDCG@10", "")
        for version in registry.versions():
            manifest = registry.manifest(version)
            quality = manifest["metrics"].get("ranking", {}).get("twin", {}).get("ndcg_at_10")
            status = {live.version: "[green]live[/]", live.previous: "previous"}.get(version, "") if live else ""
            shown = f"{quality:.3f}" if quality else "–"
            created = f"{datetime.fromisoformat(manifest['created_at']):%Y-%m-%d %H:%M}"
            table.add_row(version, manifest["kind"], created, shown, status)
        console.print(table)


@app.command()
def loop(
    tenant: TenantName,
    last: Annotated[int, typer.Option(min=1, help="how many runs")] = 10,
    state: State = DEFAULT_STATE,
) -> None:
    """What the retrain, reindex and import machines did of late, which gates failed, and what is new since."""
    from infra.local.twin.loop import tell_loop

    with reached_system(state) as system:
        tell_loop(system, tenant_of(system.database, tenant), last, console)


@app.command()
def model_card(
    tenant: TenantName,
    out: Annotated[Path, typer.Option(help="the Markdown file to write", dir_okay=False)],
    version: Annotated[str | None, typer.Option(help="a published version; default: the live one")] = None,
    *,
    about: Annotated[str, typer.Option(help="what this data is, and what it is not")] = "",
    state: State = DEFAULT_STATE,
) -> None:
    """Writes what a model is for, what it was tested on and how well it did, for whoever has to answer for it."""
    from infra.local.twin.model_card.card import read_bundle, render_card
    from infra.local.twin.training import live_version

    given = (("--tenant", tenant), ("--version", version), ("--about", about), ("--out", str(out)))
    command = shlex.join(["twin", "model-card", *(part for pair in given for part in pair if pair[1] and part)])
    with reached_system(state) as system:
        owner = system.tenant(tenant_of(system.database, tenant))
        bundle = read_bundle(owner, version or live_version(owner))
    page = render_card(bundle, tenant, about, command)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(page)
    except OSError as error:
        give_up(f"--out: {error}")
    console.print(f"the card of {bundle.manifest['version']}: {out}")


@app.command()
def promote(version: Version, tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """Indexes a published version where that is still to do, then makes it the live one."""
    from infra.local.twin.retraining import index_tenant
    from portfolio_twin.services.pipeline.promote_model import switch
    from portfolio_twin.services.pipeline.run import Run

    with local_system(state) as system:
        tenant_id = tenant_of(system.database, tenant)
        registry = system.tenant(tenant_id).bucket.models
        if version not in registry.versions():
            listed = to_type("models", "--tenant", tenant, state=state)
            raise typer.BadParameter(f"{version} is not published; `{listed}` lists what is")
        index_tenant(system, tenant_id, version, console, name=name_of(system.database, tenant_id))
        live = switch(Run(system.tenant(tenant_id), version, execution="twin promote"), registry.live()).live
        console.print(f"live: [green]{live.version}[/], previous: {live.previous}")


@app.command()
def rollback(tenant: TenantName, state: State = DEFAULT_STATE) -> None:
    """Brings the previous version's index up to date, then makes it live again."""
    from portfolio_twin.services.pipeline.promote_model import roll_back

    with reached_system(state) as system:
        live = roll_back(system.tenant(tenant_of(system.database, tenant)), by="twin rollback")
        console.print(f"live: [green]{live.version}[/], previous: {live.previous}")


@app.command()
def index(
    tenant: TenantName,
    recreate: Annotated[bool, typer.Option("--recreate", help="index everything, whatever is there")] = False,
    batch_size: Annotated[int, typer.Option(min=1, max=10_000, help="points per request to Qdrant")] = 1000,
    state: State = DEFAULT_STATE,
) -> None:
    """Runs the reindex machine for the live model of a tenant."""
    from infra.local.twin.retraining import index_tenant

    with local_system(state, INDEX_BATCH_POINTS=str(batch_size)) as system:
        tenant_id = tenant_of(system.database, tenant)
        live = system.tenant(tenant_id).bucket.models.live()
        if live is None:
            give_up(f"{tenant} has no model yet: first {to_type('retrain', '--tenant', tenant, state=state)}")
        name = name_of(system.database, tenant_id)
        index_tenant(system, tenant_id, live.version, console, name=name, recreate=recreate)
        points = system.tenant(tenant_id).index(live.version)
        counts = f"{points.count('properties'):,} properties and {points.count('users'):,} investors"
        console.print(f"{name}: {counts} in the index of {live.version}", soft_wrap=True)
