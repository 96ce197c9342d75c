"""The two state machines, run from the command line, with every state told as it ends."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from rich.console import Console

from infra.local.executions import Execution, Step, TenantRun
from infra.local.pipeline import LocalPipeline, Watcher
from infra.local.system import LocalSystem

TOO_SHORT_TO_TELL_SECONDS = 0.01  # states that only steer


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
    with LocalPipeline(system.s3, watch=_teller(names, console)) as pipeline:
        execution = pipeline.retrain(**given)
    return _runs_of(execution)


def index_tenant(
    system: LocalSystem, tenant_id: UUID, version: str, console: Console, *, name: str = "", recreate: bool = False
) -> None:
    """One run of the reindex machine for one version; raises SystemExit when it fails."""
    with LocalPipeline(system.s3, watch=_teller({tenant_id: name or str(tenant_id)}, console)) as pipeline:
        execution = pipeline.reindex(tenant_id=str(tenant_id), version=version, recreate=recreate)
    if execution.status != "SUCCEEDED":
        raise SystemExit(f"the reindex machine failed: {execution.error}: {execution.cause}")


def _runs_of(execution: Execution) -> list[TenantRun]:
    if not execution.tenants:
        raise SystemExit(f"the retrain machine failed: {execution.error}: {execution.cause}")
    return list(execution.tenants.values())


def _teller(names: Mapping[UUID, str], console: Console) -> Watcher:
    shown = {str(tenant_id): name for tenant_id, name in names.items()}

    def tell(step: Step) -> None:
        if step.tenant_id in shown and (step.seconds or 0) >= TOO_SHORT_TO_TELL_SECONDS:
            console.print(f"  {shown[step.tenant_id]:<12} {step.state:<20} [dim]{step.seconds:6.1f} s[/]")

    return tell
