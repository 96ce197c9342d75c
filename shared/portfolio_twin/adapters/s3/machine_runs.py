"""What a run of a state machine over many tenants keeps in S3: the list that it works off, and how each one ended."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects


class Ended(NamedTuple):
    """One tenant's branch: what it was given, and what it answered, None where it broke off."""

    given: Mapping[str, Any]
    answer: Mapping[str, Any] | None


class Branch(NamedTuple):
    """One tenant's part in a run: as the list has it, and how it ended, None where nothing says so."""

    listed: Mapping[str, Any]
    listed_at: datetime
    ended: Ended | None


class MachineRuns:
    def __init__(self, bucket: str, client: Any) -> None:
        self._objects = Objects(bucket, [keys.RUNS], client)

    def write_list(self, execution: str, branches: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Where the list is, and where the results go. One JSON array: what a distributed Map has always read."""
        key = keys.run_list(execution)
        self._objects.write(key, json.dumps(branches, separators=(",", ":")).encode())
        return {"key": key, "results": keys.run_results(execution)}

    def ended(self, manifest: str) -> Iterator[Ended]:
        """From the manifest that the Map's ResultWriter left, a file at a time."""
        files = json.loads(self._objects.read(manifest))["ResultFiles"]
        for status in ("SUCCEEDED", "FAILED", "PENDING"):
            for file in files.get(status, ()):
                for one in json.loads(self._objects.read(file["Key"])):
                    answer = json.loads(one["Output"]) if status == "SUCCEEDED" else None
                    yield Ended(json.loads(one.get("Input") or "{}"), answer)

    def branches(self, tenant_id: UUID) -> Iterator[Branch]:
        """The tenant's part in each run that is kept, the latest first."""
        listed = self._objects.listed(keys.RUNS)
        lists = [name for name in listed if keys.RUNS + name == keys.run_list(_execution(name))]
        for name in sorted(lists, key=lambda name: listed[name].written_at, reverse=True):
            every = json.loads(self._objects.read(keys.RUNS + name))
            for own in (branch for branch in every if branch["tenant_id"] == str(tenant_id)):
                results = [key for key in listed if _is_manifest(key, _execution(name))]
                yield Branch(own, listed[name].written_at, self._end(results, own["tenant_id"]))

    def _end(self, manifests: Sequence[str], tenant_id: str) -> Ended | None:
        ends = (end for manifest in manifests for end in self.ended(keys.RUNS + manifest))
        return next((end for end in ends if (end.answer or end.given).get("tenant_id") == tenant_id), None)


def _execution(name: str) -> str:
    return name.partition("/")[0]


def _is_manifest(name: str, execution: str) -> bool:
    return (keys.RUNS + name).startswith(keys.run_results(execution)) and name.endswith("/manifest.json")
