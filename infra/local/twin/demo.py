"""`make demo`: two tenants from nothing to answers, on this machine, and what came of it in build/demo.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from infra.local.cloud import gateway
from infra.local.cloud.executions import TenantRun
from infra.local.system import LocalSystem, local_system
from infra.local.twin.demo_requests import Asker, ask_everything, ask_for_anothers
from infra.local.twin.importer import import_canonical
from infra.local.twin.retraining import retrain_tenants
from infra.local.twin.tokens import issue_token
from infra.simulator import MARKETS, simulate, write_canonical
from portfolio_twin.errors import InvalidInput

SEED = 7
RESULT = Path("build/demo.json")
MOST_ACTIVE = """
select user_id from interactions where kind in ('deal', 'like') group by user_id order by count(*) desc, user_id limit 1
"""


@dataclass(frozen=True)
class DemoTenant:
    name: str
    tenant_id: UUID
    changed: bool  # whether the import brought anything new


def run_demo(state: Path, data: Path | None, console: Console) -> None:
    """Imports, retrains, asks; safe to kill and to run again: what is there already is used again."""
    console.rule("[bold]Portfolio Twin")
    with console.status("starting PostgreSQL, the Qdrant engine and S3"):
        running = local_system(state)
        system = running.__enter__()
    try:
        tenants = _load(system, data, console)
        runs = _retrain(system, tenants, console)
        url = gateway.start(system.state, port=0)
        _finish(_ask(system, url, tenants, runs, console), console)
    finally:
        running.__exit__(None, None, None)


def _load(system: LocalSystem, data: Path | None, console: Console) -> list[DemoTenant]:
    """The folder that was given and one invented market beside it, or two invented markets."""
    console.rule("data")
    loaded = [_import(system, data.resolve().name, data, console)] if data else []
    with TemporaryDirectory() as scratch:
        for market in list(MARKETS.values())[len(loaded) :]:
            folder = Path(scratch) / market.name
            with console.status(f"inventing the market of {market.name}"):
                write_canonical(simulate(market, SEED), folder)
            loaded.append(_import(system, market.name, folder, console))
    return loaded


def _import(system: LocalSystem, name: str, folder: Path, console: Console) -> DemoTenant:
    interactions = next((path for path in sorted(folder.glob("interactions.csv*"))), None)
    properties = next((path for path in sorted(folder.glob("properties.csv*"))), None)
    if properties is None:
        raise InvalidInput(f"{folder} holds no properties.csv or properties.csv.gz")
    report = import_canonical(system.database, name, properties, interactions, skip_bad_rows=False, console=console)
    console.print(f"  [bold]{name}[/]: {report.summary()}")
    return DemoTenant(name, report.tenant_id, report.changed)


def _retrain(system: LocalSystem, tenants: list[DemoTenant], console: Console) -> dict[UUID, dict[str, Any]]:
    """What the retrain machine made of each tenant; one whose data did not change keeps the model it has."""
    console.rule("the retrain machine (infra/pipelines/retrain.asl.json)")
    runs = {tenant.tenant_id: _earlier_run(system, tenant) for tenant in tenants}
    for tenant in tenants:
        if runs[tenant.tenant_id]:
            console.print(f"  [bold]{tenant.name}[/] has learnt from all of this before: its model stays")
    waiting = {tenant.tenant_id: tenant.name for tenant in tenants if runs[tenant.tenant_id] is None}
    if waiting:
        for run in retrain_tenants(system, waiting, console):
            tenant_id = UUID(run.tenant_id)
            runs[tenant_id] = _summary(system, waiting[tenant_id], run, console)
    found = {tenant_id: run for tenant_id, run in runs.items() if run is not None}
    for summary in found.values():
        _show_gates(summary, console)
    return found


def _earlier_run(system: LocalSystem, tenant: DemoTenant) -> dict[str, Any] | None:
    path = _run_file(system, tenant.tenant_id)
    if tenant.changed or not path.exists():
        return None
    run: dict[str, Any] = json.loads(path.read_text())
    live = system.tenant(tenant.tenant_id).bucket.models.live()
    return run if live is not None and live.version == run["version"] else None


def _run_file(system: LocalSystem, tenant_id: UUID) -> Path:
    return system.state / f"demo-{tenant_id}.json"


def _summary(system: LocalSystem, name: str, run: TenantRun, console: Console) -> dict[str, Any]:
    if run.outcome != "Promoted":
        console.print_json(json.dumps(run.details, default=str))
        raise SystemExit(f"{name}: {run.outcome}")
    summary = _described(system, name, run)
    path = _run_file(system, UUID(run.tenant_id))
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(summary))
    unfinished.replace(path)
    return summary


def _described(system: LocalSystem, name: str, run: TenantRun) -> dict[str, Any]:
    counts, details = run.details["check"]["counts"], run.details
    manifest = system.tenant(UUID(run.tenant_id)).bucket.models.manifest(run.version)
    return {
        "tenant": name,
        "tenant_id": run.tenant_id,
        "properties": counts["properties"],
        "users": counts["users"],
        "interactions": counts["interactions"],
        "version": run.version,
        "kind": manifest["kind"],
        "gates": details["gates"]["gates"],
        "metrics": manifest["metrics"],
        "indexed": details["promotion"]["indexed"],
        "seconds": run.seconds,
    }


def _show_gates(run: dict[str, Any], console: Console) -> None:
    table = Table(title=f"gates of {run['tenant']}, {run['kind']} model {run['version']}")
    for heading in ("gate", "value", "limit", ""):
        table.add_column(heading, justify="left" if heading == "gate" else "right")
    for name, gate in run["gates"].items():
        verdict = "[green]passed[/]" if gate["passed"] else "[red]failed[/]"
        table.add_row(name, _number(gate["value"]), _number(gate["limit"]), verdict)
    console.print(table)


def _number(value: Any) -> str:
    return "–" if value is None else f"{value:.3f}"


def _ask(
    system: LocalSystem, url: str, tenants: list[DemoTenant], runs: dict[UUID, dict[str, Any]], console: Console
) -> dict[str, Any]:
    first, second = tenants
    requests: list[dict[str, Any]] = []
    changed = []
    for tenant in tenants:
        console.rule(f"asking as {tenant.name}")
        asker = Asker(url, issue_token(system.state, tenant.tenant_id), console)
        changed.append(ask_everything(asker, _investor(system, tenant, asker)))
        requests += asker.requests
    console.rule(f"{first.name}'s token, {second.name}'s property")
    asker = Asker(url, issue_token(system.state, first.tenant_id), console)
    status = ask_for_anothers(asker, _some_property(system, second.tenant_id))
    return {
        "tenants": [runs[tenant.tenant_id] for tenant in tenants],
        "requests": requests + asker.requests,
        "feedback_changed_recommendations": all(changed),
        "cross_tenant_status": status,
    }


def _some_property(system: LocalSystem, tenant_id: UUID) -> str:
    with system.database.tenant_session(tenant_id) as session:
        return str(session.execute(text("select min(property_id) from properties")).scalar_one())


def _investor(system: LocalSystem, tenant: DemoTenant, asker: Asker) -> int:
    """The one with most positive interactions; where nobody has done anything yet, a new one who likes one property."""
    with system.database.tenant_session(tenant.tenant_id) as session:
        found = session.execute(text(MOST_ACTIVE)).scalar()
    if found is not None:
        return int(found)
    asker.console.print("nobody has done anything here yet: a new investor likes one property")
    liked = _some_property(system, tenant.tenant_id)
    asker.ask("POST", f"/properties/{liked}/feedback", {"user_id": 1, "kind": "like"}, "/properties/{id}/feedback")
    return 1


def _finish(result: dict[str, Any], console: Console) -> None:
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1) + "\n")
    console.rule("done")
    console.print(f"written: {RESULT}; next: `make serve`, then open its /docs")
    bad = [request for request in result["requests"][:-1] if request["status"] >= 400]
    if bad or not result["feedback_changed_recommendations"] or result["cross_tenant_status"] != 404:
        raise SystemExit(f"the demo did not do what it should: {bad}, {result['cross_tenant_status']}")
