"""The part of the demo that trains: one run of the retrain machine, and what came of it for each tenant."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from rich.console import Console
from rich.table import Table

from functions.train.report.tables import number
from infra.local.cloud.executions import TenantRun
from infra.local.system import LocalSystem
from infra.local.twin.retraining import retrain_tenants

Json = dict[str, Any]


class DemoTenant(NamedTuple):
    name: str
    tenant_id: UUID
    changed: bool  # whether the import brought anything new


@dataclass(frozen=True)
class Trainings:
    """Each run is kept in the state folder for the next demo."""

    system: LocalSystem
    console: Console

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
        live = self.system.tenant(tenant.tenant_id).bucket.models.serving()
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
            table.add_row(name, number(gate["value"]), number(gate["limit"]), verdict)
        self.console.print(table)


def _summary(run: TenantRun) -> Json:
    counts, details = run.details["check"]["counts"], run.details
    return {name: counts[name] for name in ("properties", "users", "interactions")} | {
        "tenant_id": run.tenant_id,
        "version": run.version,
        "gates": details["gates"]["gates"],
        "indexed": details["promotion"]["indexed"],
        "seconds": run.seconds,
    }
