"""The files that somebody put for an import, and beside each a report of what became of it."""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects

Kind = Literal["properties", "interactions"]
NAME = re.compile(r"(properties|interactions)[^/]*\.(csv|csv\.gz|parquet)")

Report = Mapping[str, Any]


class PutFile(NamedTuple):
    kind: Kind
    name: str
    size: int  # bytes
    etag: str


class PutFiles:
    """Of one tenant. A file is waiting until its report says that this very content was stored."""

    def __init__(self, objects: Objects, tenant_id: UUID) -> None:
        self._objects, self._tenant_id = objects, tenant_id

    def waiting(self) -> list[PutFile]:
        """Properties first: interactions need them."""
        listed = self._objects.listed(keys.imports(self._tenant_id)).items()
        files = [
            PutFile(cast("Kind", match[1]), name, one.size, one.etag)
            for name, one in listed
            if (match := NAME.fullmatch(name))
        ]
        files.sort(key=lambda file: (file.kind == "interactions", file.name))
        return [file for file in files if not self._is_stored(file)]

    def fetch(self, file: PutFile, into: Path) -> tuple[str, str]:
        """Its content, in a file of this machine: ETag and SHA-256."""
        etag = self._objects.fetch(keys.imports(self._tenant_id) + file.name, into)
        with into.open("rb") as content:
            return etag, hashlib.file_digest(content, "sha256").hexdigest()

    def report(self, name: str) -> Report:
        """Empty where there is none, or none that can be read."""
        stored = self._objects.find(keys.import_report(self._tenant_id, name))
        try:
            report = json.loads(stored.body) if stored else {}
        except ValueError:
            return {}
        return report if isinstance(report, dict) else {}

    def reports(self) -> list[Report]:
        """Of every file that an import looked at, the latest first."""
        listed = self._objects.files(keys.imports(self._tenant_id))
        named = [name for name in listed if name.endswith(keys.REPORT)]
        found = [self.report(name.removesuffix(keys.REPORT)) for name in named]
        return sorted(filter(None, found), key=lambda report: str(report.get("at")), reverse=True)

    def write_report(self, name: str, report: Report) -> None:
        self._objects.write(keys.import_report(self._tenant_id, name), json.dumps(report, indent=1).encode())

    def _is_stored(self, file: PutFile) -> bool:
        report = self.report(file.name)
        return report.get("outcome") == "stored" and report.get("etag") == file.etag
