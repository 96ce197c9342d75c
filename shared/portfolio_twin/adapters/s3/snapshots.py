"""The frozen data that a model is made from: gzipped canonical CSVs in S3, their manifest last."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects
from portfolio_twin.domain.csv.canonical import read_catalogue, read_interactions, write_catalogue, write_interactions
from portfolio_twin.domain.csv.holdout import read_holdout, write_holdout
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import Holdout
from portfolio_twin.errors import NotFound, UnreadableInput
from portfolio_twin.model.bundle.files import MANIFEST

PROPERTIES, INTERACTIONS, HOLDOUT = "properties.csv.gz", "interactions.csv.gz", "holdout.csv.gz"
GZIP_LEVEL = 6

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """One tenant's data as of one moment; whoever reads it reads the same."""

    dataset: Dataset
    holdout: Holdout
    manifest: Manifest

    @property
    def catalogue(self) -> Catalogue:
        return self.dataset.catalogue

    @property
    def log(self) -> InteractionLog:
        return self.dataset.log

    @property
    def snapshot_id(self) -> str:
        return str(self.manifest["snapshot_id"])


def pack_snapshot(dataset: Dataset, holdout: Holdout) -> dict[str, bytes]:
    """The data files by name; the same data gives the same bytes."""
    return {
        PROPERTIES: gzipped_csv(write_catalogue(dataset.catalogue)),
        INTERACTIONS: gzipped_csv(write_interactions(dataset.log)),
        HOLDOUT: gzipped_csv(write_holdout(holdout)),
    }


def digests(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}


class Snapshots:
    """The snapshots of one tenant in S3."""

    def __init__(self, objects: Objects, tenant_id: UUID) -> None:
        self._objects, self._tenant_id = objects, tenant_id

    def store(self, files: Mapping[str, bytes], manifest: Manifest) -> Manifest:
        """Writes the files and then the manifest; a snapshot that is already whole stays, and its manifest is given."""
        snapshot_id = str(manifest["snapshot_id"])
        prefix = self.prefix(snapshot_id)
        for name, data in files.items():
            self._objects.write(prefix + name, data)
        self._objects.create(prefix + MANIFEST, json.dumps(manifest, indent=1).encode())
        return self.manifest(snapshot_id)

    def manifest(self, snapshot_id: str) -> Manifest:
        """Raises NotFound for a snapshot that was never finished."""
        manifest: Manifest = json.loads(self._objects.read(self.prefix(snapshot_id) + MANIFEST))
        return manifest

    def load(self, snapshot_id: str) -> Snapshot:
        """Raises NotFound, and UnreadableInput when a file is not the one that the manifest was written for."""
        manifest = self.manifest(snapshot_id)
        lines = {name: self._lines(manifest, name) for name in (PROPERTIES, INTERACTIONS, HOLDOUT)}
        dataset = Dataset(read_catalogue(lines[PROPERTIES]), read_interactions(lines[INTERACTIONS]))
        return Snapshot(dataset, read_holdout(lines[HOLDOUT]), manifest)

    def load_that_of(self, bundle: Mapping[str, Any]) -> Snapshot:
        """What a model was made from, by its bundle's manifest; raises as `load`, and NotFound if it names none."""
        snapshot_id = (bundle.get("snapshot") or {}).get("id")
        if not isinstance(snapshot_id, str) or not snapshot_id:
            raise NotFound(f"version {bundle['version']} names no snapshot")
        return self.load(snapshot_id)

    def latest_id(self) -> str:
        """The newest finished one; raises NotFound when there is none."""
        names = self._objects.files(keys.snapshots(self._tenant_id))
        ids = [name.removesuffix("/" + MANIFEST) for name in names if name.endswith("/" + MANIFEST)]
        if not ids:
            raise NotFound("this tenant has no data snapshot yet")
        return max(ids)  # ids begin with the time

    def prefix(self, snapshot_id: str) -> str:
        return keys.snapshot(self._tenant_id, snapshot_id)

    def _lines(self, manifest: Manifest, name: str) -> Iterable[str]:
        data = self._objects.read(self.prefix(manifest["snapshot_id"]) + name)
        if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
            raise UnreadableInput(f"{name} of snapshot {manifest['snapshot_id']} was changed after it was frozen")
        return io.StringIO(gzip.decompress(data).decode(), newline="")  # splitlines would break texts at U+2028


def gzipped_csv(rows: Iterable[Iterable[Any]]) -> bytes:
    """The same rows give the same bytes."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), compresslevel=GZIP_LEVEL, mtime=0)  # no clock in the digest
