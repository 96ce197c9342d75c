"""The state machines, run from the command line, with a line for every state that ends."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.console import Console

from functions.train.report.tables import number
from infra.local.cloud.engine import LocalPipeline, Watcher
from infra.local.cloud.executions import Execution, Step, TenantRun
from infra.local.system import LocalSystem
from infra.local.twin.exits import give_up
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.domain.versions import is_version
from portfolio_twin.model.bundle.files import MANIFEST

SHOWN_STATES = (
    "CheckData", "PrepareData", "Train", "EvaluateGates", "DeployModel",
    "IndexProperties", "IndexUsers", "VerifyIndex", "PromoteModel",
)  # fmt: skip
TRAINED = ("Promoted", "Rejected")  # how a run ends that has a report


def retrain_tenants(
    system: LocalSystem,
    names: Mapping[UUID, str],
    console: Console,
    *,
    epochs: int | None = None,
    lookback_days: int | None = None,
) -> list[TenantRun]:
    """One run of the retrain machine over these tenants."""
    given: dict[str, Any] = {"tenant_ids": [str(tenant_id) for tenant_id in names]}
    if epochs:
        given["training"] = {"epochs": epochs}
    if lookback_days:
        given["lookback_days"] = lookback_days
    return _run(system, names, console, given)


def put_bundle(system: LocalSystem, tenant_id: UUID, folder: Path, console: Console, *, name: str) -> list[TenantRun]:
    """A bundle of `twin train`, as an upload: the retrain machine from its gates on."""
    version = _version_of(folder)
    objects = system.tenant(tenant_id).bucket.objects
    for path in sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST):
        objects.write(keys.upload(tenant_id, version) + path.name, path.read_bytes())
    objects.write(keys.upload(tenant_id, version) + MANIFEST, (folder / MANIFEST).read_bytes())
    return _run(system, {tenant_id: name}, console, {"upload": {"tenant_id": str(tenant_id), "version": version}})


def _version_of(folder: Path) -> str:
    """Raises SystemExit for a folder without a bundle."""
    try:
        version = json.loads((folder / MANIFEST).read_text())["version"]
    except (OSError, ValueError, KeyError) as error:
        give_up(f"{folder} holds no bundle ({error}): make one with `twin train --output-dir {folder}`")
    if not is_version(version):
        give_up(f"{folder}: {version!r} is no version: make the bundle anew with `twin train`")
    return str(version)


def _run(system: LocalSystem, names: Mapping[UUID, str], console: Console, given: Mapping[str, Any]) -> list[TenantRun]:
    with _watching(names, console) as watch, LocalPipeline(system.s3, watch=watch) as pipeline:
        execution = pipeline.retrain(**given)
    runs = _runs_of(execution)
    for run in runs:
        if run.outcome in TRAINED and "upload" not in given:
            _leave_report(system, names[UUID(run.tenant_id)], run, console)
    return runs


def tell(runs: Iterable[TenantRun], names: Mapping[UUID, str], console: Console) -> bool:
    """How each ended, of a rejected one which gate, by how much and what to do, of a skipped one why; whether all
    went well.
    """
    for run in runs:
        console.print(f"{names[UUID(run.tenant_id)]}: {run.outcome}, {run.version}", soft_wrap=True)
        for line in remarks(run):
            console.print(f"  {line}", soft_wrap=True)
    return all(run.outcome not in ("Failed", "Rejected") for run in runs)


def remarks(run: TenantRun) -> list[str]:
    """Why a run was rejected, a sentence for each gate that failed, or why it was skipped; nothing for any other."""
    if run.outcome == "Skipped":
        return [str(reason) for reason in run.details.get("check", {}).get("reasons", ())]
    if run.outcome != "Rejected":
        return []
    return [*failed_gates(run.details.get("gates", {})), "what was live stays live"]


def failed_gates(verdict: Mapping[str, Any]) -> list[str]:
    """Which failed, by how much, and what to do about each; of a verdict without gates its reasons."""
    failed = {name: gate for name, gate in verdict.get("gates", {}).items() if not gate["passed"]}
    lines = [
        f"{name}: {number(gate['value'])} where {number(gate['limit'])} is asked; {gate['note']}"
        for name, gate in failed.items()
    ]
    return lines or [str(reason) for reason in verdict.get("reasons", ()) if verdict.get("decision") == "rejected"]


def _leave_report(system: LocalSystem, name: str, run: TenantRun, console: Console) -> None:
    """Where a browser finds it: on this machine the bucket is no folder of files."""
    path = system.state / "reports" / f"{name}.html"
    path.parent.mkdir(exist_ok=True)
    tenant_id = UUID(run.tenant_id)
    report = keys.training(tenant_id, run.version) + "report.html"
    path.write_bytes(system.tenant(tenant_id).bucket.objects.read(report))
    console.print(f"  {name:<12} report           {path}", soft_wrap=True)


def index_tenant(
    system: LocalSystem, tenant_id: UUID, version: str, console: Console, *, name: str = "", recreate: bool = False
) -> None:
    """One run of the reindex machine for one version; raises SystemExit when it fails."""
    names = {tenant_id: name or str(tenant_id)}
    with _watching(names, console) as watch, LocalPipeline(system.s3, watch=watch) as pipeline:
        execution = pipeline.reindex(tenant_id=str(tenant_id), version=version, recreate=recreate)
    if execution.status != "SUCCEEDED":
        raise SystemExit(f"the reindex machine failed: {execution.error}: {execution.cause}")


def _runs_of(execution: Execution) -> list[TenantRun]:
    if not execution.tenants:
        raise SystemExit(f"the retrain machine failed: {execution.error}: {execution.cause}")
    return list(execution.tenants.values())


@contextmanager
def _watching(names: Mapping[UUID, str], console: Console) -> Iterator[Watcher]:
    """One line for every step that ended, and below them what is being done for whom."""
    shown = {str(tenant_id): name for tenant_id, name in names.items()}
    under_way: dict[str, str] = {}

    def show(step: Step) -> None:
        if step.tenant_id not in shown or step.state not in SHOWN_STATES:
            return
        name = shown[step.tenant_id]
        if step.seconds is None:
            under_way[name] = step.state
        else:
            under_way.pop(name, None)
            console.print(f"  {name:<12} {step.state:<16} [dim]{step.seconds:6.1f} s[/]")
        status.update(" · ".join(f"{name} {state}" for name, state in under_way.items()) or "…")

    with console.status("…") as status:
        yield show
