"""One run of the import for one tenant, and what is to follow: an index brought up to date, a model learnt again."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from portfolio_twin.adapters.s3.put_files import PutFile, Report
from portfolio_twin.domain.readiness import POSITIVES_NEEDED
from portfolio_twin.services.imports.import_host import import_host
from portfolio_twin.services.imports.import_put_file import import_put_file
from portfolio_twin.services.imports.import_run import ImportRun

TOLD_FILES = 20  # in the answer; the whole report of each file lies beside it
ALREADY_RUNNING: dict[str, Any] = {
    "decision": "already_running", "files": [], "refused": False, "reindex": False, "retrain": False,
}  # fmt: skip
NOT_TOLD = ("bad_rows", "execution", "etag", "stored_sha256")


def run_import(run: ImportRun) -> dict[str, Any]:
    """Takes the tenant's own lease of imports: what is put while another run has it, that run imports."""
    return _run_host(run) if run.source == "host_views" else _run_files(run)


def _run_host(run: ImportRun) -> dict[str, Any]:
    with _leased(run) as leased:
        return _answer(run, import_host(run)) if leased else ALREADY_RUNNING


@contextmanager
def _leased(run: ImportRun) -> Iterator[bool]:
    """Whether this run has the lease."""
    lease = run.tenant.bucket.import_lease
    leased = lease.acquire(run.execution, run.settings.import_lease_seconds)
    try:
        yield leased
    finally:
        if leased:
            lease.release(run.execution)


def _run_files(run: ImportRun) -> dict[str, Any]:
    reports = list[Report]()
    tried = set[PutFile]()  # a refused file once a run
    while waiting := _waiting(run, tried):
        with _leased(run) as leased:
            if not leased:
                return _answer(run, reports) if reports else ALREADY_RUNNING
            for file in waiting:
                tried.add(file)
                reports.append(import_put_file(run, file))
    return _answer(run, reports)


def _waiting(run: ImportRun, tried: set[PutFile]) -> list[PutFile]:
    return [file for file in run.tenant.bucket.put_files.waiting() if file not in tried]


def _answer(run: ImportRun, reports: Sequence[Report]) -> dict[str, Any]:
    """A host's tables are read every day: a tenant that has a model waits for the week's retraining."""
    stored = any(report.get("stored") for report in reports)
    refused = any(report["outcome"] == "refused" for report in reports)
    live = stored and run.tenant.bucket.models.serving() is not None
    positives = sum(report.get("stored_positives", 0) for report in reports)
    told = [{name: fact for name, fact in report.items() if name not in NOT_TOLD} for report in reports[:TOLD_FILES]]
    return {
        "decision": "imported" if stored else "refused" if refused else "unchanged",
        "files": told,
        "refused": refused,
        "reindex": live,
        "retrain": stored and (not live or (run.source == "files" and positives >= POSITIVES_NEEDED)),
    }
