"""The frozen data that a model is made from: gzipped canonical CSVs in S3, their manifest last."""

import csv
import gzip
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3.objects import Objects
from portfolio_twin.domain.csv.canonical import (
    read_catalogue,
    read_interactions,
    write_catalogue,
    write_interactions,
)
from portfolio_twin.domain.csv.holdout import read_holdout, write_holdout
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import Holdout
from portfolio_twin.errors import NotFound, UnreadableInput

MANIFEST = "manifest.json"
PROPERTIES, INTERACTIONS, HOLDOUT = "properties.csv.gz", "interactions.csv.gz", "holdout.csv.gz"
GZIP_LEVEL = 6

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Snapshot:
    """One tenant's data as of one moment; whoever reads it reads the same."""

    catalogue: Catalogue
    log: InteractionLog
    holdout: Holdout
    manifest: Manifest

    @cached_property
    def dataset(self) -> Dataset:
        return Dataset(self.catalogue, self.log)

    @property
    def snapshot_id(self) -> str:
        return str(self.manifest["snapshot_id"])


def snapshot_prefix(tenant: UUID, snapshot_id: str) -> str:
    return f"{tenant}/snapshots/{snapshot_id}/"


def pack_snapshot(catalogue: Catalogue, log: InteractionLog, holdout: Holdout) -> dict[str, bytes]:
    """The data files by name; the same data gives the same bytes."""
    return {
        PROPERTIES: _gzipped(write_catalogue(catalogue)),
        INTERACTIONS: _gzipped(write_interactions(log)),
        HOLDOUT: _gzipped(write_holdout(holdout)),
    }


def digests(files: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    return {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}


def store_snapshot(objects: Objects, tenant: UUID, files: Mapping[str, bytes], manifest: Manifest) -> Manifest:
    """Writes the files and then the manifest; a snapshot that is already whole stays, and its manifest is given."""
    prefix = snapshot_prefix(tenant, str(manifest["snapshot_id"]))
    for name, data in files.items():
        objects.write(prefix + name, data)
    objects.create(prefix + MANIFEST, json.dumps(manifest, indent=1).encode())
    return read_snapshot_manifest(objects, tenant, str(manifest["snapshot_id"]))


def read_snapshot_manifest(objects: Objects, tenant: UUID, snapshot_id: str) -> Manifest:
    """Raises NotFound for a snapshot that was never finished."""
    manifest: Manifest = json.loads(objects.read(snapshot_prefix(tenant, snapshot_id) + MANIFEST))
    return manifest


def load_snapshot(objects: Objects, tenant: UUID, snapshot_id: str) -> Snapshot:
    """Raises NotFound, and UnreadableInput when a file is not the one that the manifest was written for."""
    manifest = read_snapshot_manifest(objects, tenant, snapshot_id)
    lines = {name: _lines(objects, tenant, manifest, name) for name in (PROPERTIES, INTERACTIONS, HOLDOUT)}
    return Snapshot(
        read_catalogue(lines[PROPERTIES]),
        read_interactions(lines[INTERACTIONS]),
        read_holdout(lines[HOLDOUT]),
        manifest,
    )


def latest_snapshot_id(objects: Objects, tenant: UUID) -> str:
    """The newest finished one; raises NotFound when there is none."""
    names = objects.files(f"{tenant}/snapshots/")
    ids = [name.removesuffix("/" + MANIFEST) for name in names if name.endswith("/" + MANIFEST)]
    if not ids:
        raise NotFound("this tenant has no data snapshot yet")
    return max(ids)  # ids begin with the time


def _lines(objects: Objects, tenant: UUID, manifest: Manifest, name: str) -> Iterable[str]:
    data = objects.read(snapshot_prefix(tenant, manifest["snapshot_id"]) + name)
    if hashlib.sha256(data).hexdigest() != manifest["files"][name]["sha256"]:
        raise UnreadableInput(f"{name} of snapshot {manifest['snapshot_id']} was changed after it was frozen")
    return io.StringIO(gzip.decompress(data).decode(), newline="")  # splitlines would break texts at U+2028


def _gzipped(rows: Iterable[Iterable[Any]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    return gzip.compress(text.getvalue().encode(), compresslevel=GZIP_LEVEL, mtime=0)  # no clock in the digest
