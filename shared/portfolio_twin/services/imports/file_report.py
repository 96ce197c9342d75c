"""What becomes of a file, told beside it in the bucket while it happens: reading, storing, then stored or refused."""

import time
from datetime import UTC, datetime
from typing import Any, Literal

from portfolio_twin.adapters.s3.put_files import PutFile, Report
from portfolio_twin.domain.csv.checks import BadRows
from portfolio_twin.services.imports.import_run import ImportRun

Outcome = Literal["reading", "storing", "stored", "refused", "failed"]

SECONDS_BETWEEN = 10.0  # two reports of progress


class FileReport:
    def __init__(self, run: ImportRun, file: PutFile) -> None:
        self._files, self._file = run.tenant.bucket.put_files, file
        self.stored_sha256 = self._files.report(file.name).get("stored_sha256")
        self._etag, self._execution = file.etag, run.execution
        self._told_at = 0.0

    def is_stored(self, etag: str, sha256: str) -> bool:
        """Whether this very content was stored before, under this name."""
        self._etag = etag
        return bool(self.stored_sha256 == sha256)

    def heard(self, read: int) -> None:
        """So many bytes are read."""
        if time.monotonic() - self._told_at >= SECONDS_BETWEEN:
            self.tell("reading", read_percent=round(100 * read / max(self._file.size, 1)))

    def storing(self) -> None:
        self.tell("storing")

    def tell(self, outcome: Outcome, **facts: Any) -> Report:
        self._told_at = time.monotonic()
        report = {
            "file": self._file.name, "outcome": outcome, **facts, "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "execution": self._execution, "etag": self._etag, "stored_sha256": self.stored_sha256,
        }  # fmt: skip
        self._files.write_report(self._file.name, report)
        return report


def bad_rows(bad: BadRows | None) -> dict[str, Any]:
    """All are counted, the first are listed."""
    if bad is None:
        return {"bad_row_count": 0}
    return {"bad_row_count": bad.count, "bad_rows": [row._asdict() for row in bad.listed]}
