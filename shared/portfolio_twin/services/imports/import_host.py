"""A host's own tables, by the views or by the tenant's queries: read into files, then imported as any others."""

import hashlib
import tempfile
from pathlib import Path
from typing import Any

from portfolio_twin.adapters.files.sheets import Reading
from portfolio_twin.adapters.postgres.host_tables import HostRows, copy_host_tables
from portfolio_twin.adapters.s3.put_files import PutFile, Report
from portfolio_twin.errors import ImportRefused, TwinError
from portfolio_twin.services.imports.file_report import FileReport
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles
from portfolio_twin.services.imports.import_data import BadRowsRefused, ImportReport, import_data, list_bad_rows
from portfolio_twin.services.imports.import_run import ImportRun

REPORT = "host"
NAMES = ("host_properties", "host_interactions")


def import_host(run: ImportRun) -> list[Report]:
    """One report, or none where the host has nothing of this tenant. Both tables are stored, or neither."""
    report = FileReport(run, PutFile("properties", REPORT, 0, ""))
    with tempfile.TemporaryDirectory() as scratch:
        try:
            return _store(run, tuple(Path(scratch) / name for name in NAMES), report)
        except BadRowsRefused as refused:
            bad = {"bad_row_count": sum(rows.count for rows in refused.bad.values())}
            first = str(refused).splitlines()[0]
            return [report.tell("refused", reason=first, **bad, bad_rows=list_bad_rows(refused.bad))]
        except ImportRefused as refused:
            return [report.tell("refused", reason=str(refused))]
        except TwinError as error:
            report.tell("failed", reason=f"{type(error).__name__}: {error}; nothing was stored, it is tried again")
            raise


def _store(run: ImportRun, paths: tuple[Path, ...], report: FileReport) -> list[Report]:
    properties, interactions = paths
    with run.tenant.session() as session:
        rows = copy_host_tables(session, properties, interactions)
    if rows == HostRows(0, 0):
        return []
    sha256 = hashlib.sha256(b"".join(_sha256(path) for path in paths)).hexdigest()
    if report.is_stored("", sha256):
        return [report.tell("stored", rows=0, stored=0, reason="these very rows were stored before")]
    reading = Reading(unpacked_limit_bytes=run.settings.import_text_bytes)
    files = (GivenFile(path.name, path, reading) if count else None for path, count in zip(paths, rows, strict=True))
    with run.tenant.session() as session:
        done = import_data(session, GivenFiles(*files), skip_bad_rows=run.skip_bad_rows, checked=report.storing)
        session.commit()
    report.stored_sha256 = sha256
    return [report.tell("stored", **_figures(done))]


def _sha256(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _figures(done: ImportReport) -> dict[str, Any]:
    return {
        "rows": done.properties + done.interactions,
        "stored": done.stored_properties + done.stored_interactions,
        "stored_positives": done.stored_positives,
        "bad_row_count": sum(rows.count for rows in done.bad.values()),
        "bad_rows": list_bad_rows(done.bad),
    }
