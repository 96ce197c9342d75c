"""What a run of a state machine over many tenants keeps in S3: the list that it works off, and how each one ended."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects


class Ended(NamedTuple):
    """One tenant's branch: what it was given, and what it answered, None where it broke off."""

    given: Mapping[str, Any]
    answer: Mapping[str, Any] | None


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
