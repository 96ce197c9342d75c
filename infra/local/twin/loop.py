"""`twin loop`: what the machines did for a tenant of late, read from what they leave in S3, and what is new since."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

from rich.console import Console
from sqlalchemy import text

from infra.local.system import ReachedSystem
from infra.local.twin.retraining import failed_gates
from portfolio_twin.adapters.s3.machine_runs import Branch
from portfolio_twin.adapters.s3.put_files import Report
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.interactions import RECORDED_KINDS
from portfolio_twin.domain.versions import made_at

RECORDED_SINCE = text("select kind, count(*) as events from interactions where recorded_at >= :since group by kind")


MOMENT = "%Y-%m-%d %H:%M:%S UTC"


class MachineRun(NamedTuple):
    """One line, and the sentences below it."""

    at: datetime
    machine: str
    about: str  # a version, or a file
    outcome: str
    told: list[str]


def tell_loop(system: ReachedSystem, tenant_id: UUID, last: int, console: Console) -> None:
    """The latest runs, the newest first, then what is live and what came since that was begun."""
    tenant = system.tenant(tenant_id)
    branches = islice(system.stores.bucket.machine_runs.branches(tenant_id), last)
    runs = [_run_of(tenant, branch) for branch in branches]
    runs += [_import_of(report) for report in tenant.bucket.put_files.reports()[:last]]
    for run in sorted(runs, key=lambda run: run.at, reverse=True)[:last]:
        console.print(f"{run.at:{MOMENT}}  {run.machine}  {run.about}  [bold]{run.outcome}[/]", soft_wrap=True)
        for line in run.told:
            console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)
    if not runs:
        console.print("no machine has run for it in the last 30 days")
    for line in _news(tenant):
        console.print(line, soft_wrap=True, highlight=False)


def _run_of(tenant: Tenant, branch: Branch) -> MachineRun:
    version, entry = branch.listed["version"], branch.listed.get("entry")
    answer = branch.ended.answer if branch.ended else {}
    outcome = "did not end, or runs still" if branch.ended is None else str((answer or {}).get("outcome", "Failed"))
    if entry is None:
        return MachineRun(branch.listed_at, "reindex", version, outcome, _indexed(answer or {}))
    machine = "retrain" if entry == "retrain" else "retrain, of an upload"
    return MachineRun(branch.listed_at, machine, version, outcome, _judged(tenant, version, entry))


def _indexed(answer: Mapping[str, Any]) -> list[str]:
    if "mode" not in answer:
        return []
    return [f"{answer['mode']}: {answer['properties']} properties, {answer['users']} investors"]


def _judged(tenant: Tenant, version: str, entry: str) -> list[str]:
    verdict = tenant.bucket.runs.verdict(version, "upload" if entry == "upload" else "retrain") or {}
    rejected = [f"  {reason}" for reason in verdict.get("instead_of") or ()]
    told = ["a content model, for the first one was rejected:", *rejected] if rejected else []
    return failed_gates(verdict) + told


def _import_of(report: Report) -> MachineRun:
    facts = [f"{report['stored']:,} new or changed of {report['rows']:,} rows"] if "rows" in report else []
    bad = [f"{report['bad_row_count']:,} bad rows"] if report.get("bad_row_count") else []
    told = [*facts, *bad, *([str(report["reason"])] if "reason" in report else [])]
    at = datetime.fromisoformat(report["at"]).astimezone(UTC)
    return MachineRun(at, "import", str(report["file"]), str(report["outcome"]), told)


def _news(tenant: Tenant) -> Iterator[str]:
    live = tenant.bucket.models.live()
    if live is None:
        yield "nothing is live"
        return
    yield f"live: {live.version}, since {live.promoted_at:{MOMENT}}, by {live.promoted_by}"
    with tenant.session() as session:
        counts = {row.kind: row.events for row in session.execute(RECORDED_SINCE, {"since": made_at(live.version)})}
    of_each = ", ".join(f"{counts[kind]:,} {kind}" for kind in RECORDED_KINDS if kind in counts)
    yield f"interactions recorded since it was begun: {sum(counts.values()):,}{f' ({of_each})' if of_each else ''}"
