"""What the steps of the pipelines keep for each other and for people, beside the bundle of one version."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.keys import Entry
from portfolio_twin.adapters.s3.objects import Objects


class RunRecords:
    def __init__(self, objects: Objects, tenant_id: UUID) -> None:
        self._objects, self._tenant_id = objects, tenant_id

    def write_data_report(self, version: str, report: Mapping[str, Any]) -> None:
        self._objects.write(keys.data_report(self._tenant_id, version), json.dumps(report, indent=1).encode())

    def check(self, version: str) -> dict[str, Any] | None:
        """What the job of a large tenant decided on its data; None where no job did."""
        stored = self._objects.find(keys.check(self._tenant_id, version))
        return json.loads(stored.body) if stored else None

    def write_check(self, version: str, answer: Mapping[str, Any]) -> None:
        self._objects.write(keys.check(self._tenant_id, version), json.dumps(answer, indent=1).encode())

    def verdict(self, version: str, entry: Entry) -> Mapping[str, Any] | None:
        """What EvaluateGates decided; None when there is nothing, or nothing that can be read: that is no verdict."""
        stored = self._objects.find(keys.verdict(self._tenant_id, version, entry))
        try:
            verdict = json.loads(stored.body) if stored else None
        except ValueError:
            return None
        return verdict if isinstance(verdict, dict) else None

    def judged(self) -> dict[str, Entry]:
        """Every version that has a verdict, and how it came to be judged: of both ways the upload, which is later."""
        names = sorted(self._objects.files(keys.trainings(self._tenant_id)))
        return dict(filter(None, map(keys.read_verdict, names)))

    def write_verdict(self, version: str, entry: Entry, verdict: Mapping[str, Any]) -> None:
        body = json.dumps(verdict, indent=1, allow_nan=False).encode()
        self._objects.write(keys.verdict(self._tenant_id, version, entry), body)

    def indexed_until(self, version: str) -> datetime | None:
        """What changed before this moment is indexed; None where nothing was."""
        stored = self._objects.find(keys.indexed_until(self._tenant_id, version))
        return datetime.fromisoformat(json.loads(stored.body)["indexed_at"]) if stored else None

    def write_indexed_until(self, version: str, moment: str) -> None:
        body = json.dumps({"indexed_at": moment}).encode()
        self._objects.write(keys.indexed_until(self._tenant_id, version), body)
