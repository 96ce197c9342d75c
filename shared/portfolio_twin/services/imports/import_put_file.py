"""Files that were put into the bucket: each is stored whole or not at all, and the report beside it says which."""

import tempfile
from pathlib import Path

from portfolio_twin.adapters.files.sheets import Reading
from portfolio_twin.adapters.postgres.tenant_rows import tenant_name
from portfolio_twin.adapters.s3.put_files import PutFile, Report
from portfolio_twin.errors import ImportRefused, NotFound, TwinError
from portfolio_twin.services.imports.file_report import FileReport, bad_rows
from portfolio_twin.services.imports.given_files import GivenFile, GivenFiles
from portfolio_twin.services.imports.import_data import BadRowsRefused, import_data
from portfolio_twin.services.imports.import_run import ImportRun

NO_TENANT = "there is no such tenant — make it first: POST /tenants, or `twin tenant add`"


def import_put_file(run: ImportRun, file: PutFile) -> Report:
    """Raises what is worth another try: a store that is down."""
    report = FileReport(run, file)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            return _store(run, file, Path(scratch) / file.name, report)
    except NotFound:
        return report.tell("refused", reason=f"{file.name}: it is not there any more — put it again")
    except BadRowsRefused as refused:
        (bad,) = refused.bad.values()
        return report.tell("refused", reason=str(refused).splitlines()[0], **bad_rows(bad))
    except ImportRefused as refused:
        return report.tell("refused", reason=str(refused))
    except TwinError as error:
        report.tell("failed", reason=f"{type(error).__name__}: {error}; nothing was stored, it is tried again")
        raise


def _store(run: ImportRun, file: PutFile, path: Path, report: FileReport) -> Report:
    if file.size > run.settings.import_file_bytes:
        raise ImportRefused(f"{file.name}: it has more than {run.settings.import_file_bytes:,} bytes — split it")
    etag, sha256 = run.tenant.bucket.put_files.fetch(file, path)
    if report.is_stored(etag, sha256):
        return report.tell("stored", rows=0, stored=0, reason="this very file was stored before")
    reading = Reading(report.heard, run.settings.import_text_bytes)
    with run.tenant.session() as session:
        if tenant_name(session) is None:
            raise ImportRefused(f"{file.name}: {NO_TENANT}")
        files = GivenFiles(**{file.kind: GivenFile(file.name, path, reading)})
        done = import_data(session, files, skip_bad_rows=run.skip_bad_rows, checked=report.storing)
        session.commit()
    report.stored_sha256 = sha256
    return report.tell(
        "stored", rows=done.properties + done.interactions, stored=done.stored_properties + done.stored_interactions,
        stored_positives=done.stored_positives, **bad_rows(done.bad.get(file.name)),
    )  # fmt: skip
