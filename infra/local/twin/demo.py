"""`make demo`: two tenants from nothing to answers, on this machine, and what came of it in build/demo.json."""

import json
from contextlib import ExitStack
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
Json = dict[str, Any]
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
    with ExitStack() as running:
        with console.status("starting PostgreSQL, the Qdrant engine and S3"):
            system = running.enter_context(local_system(state))
        Demo(system, console).run(data)


@dataclass(frozen=True)
class Demo:
    """The steps of the demo on a running system; each shows what it does."""

    system: LocalSystem
    console: Console

    def run(self, data: Path | None) -> None:
        tenants = self.load(data)
        runs = self.retrain(tenants)
        result = self.ask(gateway.start(self.system.state, port=0), tenants)
        self.finish({"tenants": [runs[tenant.tenant_id] for tenant in tenants]} | result)

    def load(self, data: Path | None) -> list[DemoTenant]:
        """The folder that was given and one invented market beside it, or two invented markets."""
        self.console.rule("data")
        loaded = [self._import(data.resolve().name, data)] if data else []
        with TemporaryDirectory() as scratch:
            for market in list(MARKETS.values())[len(loaded) :]:
                folder = Path(scratch) / market.name
                with self.console.status(f"inventing the market of {market.name}"):
                    write_canonical(simulate(market, SEED), folder)
                loaded.append(self._import(market.name, folder))
        return loaded

    def _import(self, name: str, folder: Path) -> DemoTenant:
        interactions = next(iter(sorted(folder.glob("interactions.csv*"))), None)
        properties = next(iter(sorted(folder.glob("properties.csv*"))), None)
        if properties is None:
            raise InvalidInput(f"{folder} holds no properties.csv or properties.csv.gz")
        report = import_canonical(self.system.database, name, properties, interactions, console=self.console)
        self.console.print(f"  [bold]{name}[/]: {report.summary()}")
        return DemoTenant(name, report.tenant_id, report.changed)

    def retrain(self, tenants: list[DemoTenant]) -> dict[UUID, Json]:
        """What the retrain machine made of each tenant; one whose data did not change keeps the model it has."""
        self.console.rule("the retrain machine (infra/pipelines/retrain.asl.json)")
        runs, waiting = dict[UUID, Json](), dict[UUID, str]()
        for tenant in tenants:
            if earlier := self._earlier_run(tenant):
                runs[tenant.tenant_id] = earlier
                self.console.print(f"  [bold]{tenant.name}[/] has learnt from all of this before: its model stays")
            else:
                waiting[tenant.tenant_id] = tenant.name
        for run in retrain_tenants(self.system, waiting, self.console) if waiting else ():
            runs[UUID(run.tenant_id)] = self._kept(waiting[UUID(run.tenant_id)], run)
        for tenant in tenants:
            self._show_gates(runs[tenant.tenant_id])
        return runs

    def _run_file(self, tenant_id: UUID | str) -> Path:
        return self.system.state / f"demo-{tenant_id}.json"

    def _earlier_run(self, tenant: DemoTenant) -> Json | None:
        path = self._run_file(tenant.tenant_id)
        if tenant.changed or not path.exists():
            return None
        run: Json = json.loads(path.read_text())
        live = self.system.tenant(tenant.tenant_id).bucket.models.live()
        return run if live is not None and live.version == run["version"] else None

    def _kept(self, name: str, run: TenantRun) -> Json:
        """The run's summary, on disk for the next demo."""
        if run.outcome != "Promoted":
            self.console.print_json(json.dumps(run.details, default=str))
            raise SystemExit(f"{name}: {run.outcome}")
        manifest = self.system.tenant(UUID(run.tenant_id)).bucket.models.manifest(run.version)
        summary = {"tenant": name, **_summary(run), "kind": manifest["kind"], "metrics": manifest["metrics"]}
        path = self._run_file(run.tenant_id)
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text(json.dumps(summary))
        unfinished.replace(path)
        return summary

    def _show_gates(self, run: Json) -> None:
        table = Table(title=f"gates of {run['tenant']}, {run['kind']} model {run['version']}")
        for heading in ("gate", "value", "limit", ""):
            table.add_column(heading, justify="left" if heading == "gate" else "right")
        for name, gate in run["gates"].items():
            verdict = "[green]passed[/]" if gate["passed"] else "[red]failed[/]"
            table.add_row(name, _number(gate["value"]), _number(gate["limit"]), verdict)
        self.console.print(table)

    def ask(self, url: str, tenants: list[DemoTenant]) -> Json:
        first, second = tenants
        requests: list[Json] = []
        changed = []
        for tenant in tenants:
            self.console.rule(f"asking as {tenant.name}")
            asker = self._asker(url, tenant)
            changed.append(ask_everything(asker, self._investor(tenant, asker)))
            requests += asker.requests
        self.console.rule(f"{first.name}'s token, {second.name}'s property")
        asker = self._asker(url, first)
        status = ask_for_anothers(asker, self._some_property(second.tenant_id))
        return {
            "requests": requests + asker.requests,
            "feedback_changed_recommendations": all(changed),
            "cross_tenant_status": status,
        }

    def _asker(self, url: str, tenant: DemoTenant) -> Asker:
        return Asker(url, issue_token(self.system.state, tenant.tenant_id), self.console)

    def _some_property(self, tenant_id: UUID) -> str:
        with self.system.database.tenant_session(tenant_id) as session:
            return str(session.execute(text("select min(property_id) from properties")).scalar_one())

    def _investor(self, tenant: DemoTenant, asker: Asker) -> int:
        """The one with most positive interactions; where nobody has done anything yet, a new one who likes one."""
        with self.system.database.tenant_session(tenant.tenant_id) as session:
            most_active = session.execute(text(MOST_ACTIVE)).scalar()
        if most_active is not None:
            return int(most_active)
        self.console.print("nobody has done anything here yet: a new investor likes one property")
        liked = self._some_property(tenant.tenant_id)
        asker.ask("POST", f"/properties/{liked}/feedback", {"user_id": 1, "kind": "like"}, "/properties/{id}/feedback")
        return 1

    def finish(self, result: Json) -> None:
        RESULT.parent.mkdir(parents=True, exist_ok=True)
        RESULT.write_text(json.dumps(result, indent=1) + "\n")
        self.console.rule("done")
        self.console.print(f"written: {RESULT}; next: `make serve`, then open its /docs")
        bad = [request for request in result["requests"][:-1] if request["status"] >= 400]
        if bad or not result["feedback_changed_recommendations"] or result["cross_tenant_status"] != 404:
            raise SystemExit(f"the demo did not do what it should: {bad}, {result['cross_tenant_status']}")


def _summary(run: TenantRun) -> Json:
    counts, details = run.details["check"]["counts"], run.details
    return {name: counts[name] for name in ("properties", "users", "interactions")} | {
        "tenant_id": run.tenant_id,
        "version": run.version,
        "gates": details["gates"]["gates"],
        "indexed": details["promotion"]["indexed"],
        "seconds": run.seconds,
    }


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
