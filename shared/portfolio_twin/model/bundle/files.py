"""A model as files: safetensors and a manifest. Packing is plain; unpacking trusts nothing."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, get_args
from uuid import UUID

import numpy as np
import safetensors.numpy
from safetensors import SafetensorError

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import BundleRejected
from portfolio_twin.model.bundle.arrays import build_twin, tensors_of
from portfolio_twin.model.config import dimension_fault
from portfolio_twin.model.ranking import TERMS, RankingLayer
from portfolio_twin.model.twin import ModelKind, Twin

SCHEMA_VERSION = 6
MANIFEST = "manifest.json"  # of a bundle and of a snapshot alike; written last, so that what has none is unfinished
TENSORS = "portfolio_twin.safetensors"
PROPERTY_IDS = "property_ids.json"
METRICS, HISTORY, REPORT = "metrics.json", "training_history.json", "report.html"  # for people: no answer needs them
ATLAS = "atlas.safetensors"  # where each property is drawn: a bundle may lack it
SERVING_FILES = (TENSORS, PROPERTY_IDS)
GOLDEN_TOLERANCE = 1e-4
TESTED = "tested-"  # before the names of the files of the model as it was tested: it has not learnt the test targets
TESTED_FILES = (TESTED + MANIFEST, TESTED + TENSORS)


class Provenance(NamedTuple):
    """Where a bundle comes from; it goes into the manifest beside the model itself."""

    tenant_id: UUID
    snapshot: Mapping[str, Any]  # {"id", "sha256"}
    data_window: tuple[str, str] | None  # first and last interaction, ISO 8601
    metrics: Mapping[str, Any]
    code_version: str


def pack(twin: Twin, provenance: Provenance, golden: Catalogue, extra: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of the bundle by name; `golden` is one property whose answer every loader computes again."""
    files = {
        TENSORS: safetensors.numpy.save({name: np.ascontiguousarray(t) for name, t in tensors_of(twin).items()}),
        PROPERTY_IDS: json.dumps(twin.property_ids.tolist(), ensure_ascii=False).encode(),
        **extra,
    }
    digests = {name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()}
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "version": twin.version,
        "kind": twin.kind,
        "tenant_id": str(provenance.tenant_id),
        "files": digests,
        **_scalars(twin),
        "metrics": provenance.metrics,
        "data_window": provenance.data_window,
        "snapshot": provenance.snapshot,
        "code_version": provenance.code_version,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "golden": {"property": golden.row(0)} | _golden_answers(twin, golden),
    }
    return files | {MANIFEST: json.dumps(manifest, indent=1, allow_nan=False).encode()}


def as_tested(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What goes into the bundle of the model that goes live; the properties are the same."""
    return {TESTED + name: files[name] for name in (MANIFEST, TENSORS)}


def unpack_tested(files: Mapping[str, bytes], tenant_id: UUID, version: str) -> Twin:
    """The same model before it learnt the test targets: what may be tested. A content model learnt none.

    Raises BundleRejected for any fault of either.
    """
    serving = unpack(files, tenant_id, version)
    return serving if serving.kind == "content" else unpack(_tested_of(files), tenant_id, version)


def _tested_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    if missing := [name for name in TESTED_FILES if name not in files]:
        raise BundleRejected(f"{missing[0]} is missing: a model that learnt the test targets cannot be tested on them")
    return {name: files[TESTED + name] for name in (MANIFEST, TENSORS)} | {PROPERTY_IDS: files.get(PROPERTY_IDS, b"")}


def _scalars(twin: Twin) -> dict[str, Any]:
    """All of the twin that is no array."""
    layer = twin.ranking
    return {
        "config": twin.config.to_json(),
        "feature_schema": twin.schema.to_json(),
        "extent": twin.extent.to_json(),
        "slope": twin.slope,
        "learnt_until": twin.learnt_until,
        "confidence": twin.confidence.to_json(),
        "ranking": _layer_scalars(layer) if layer else None,
        "base_rate": twin.base_rate,
    }


def _layer_scalars(layer: RankingLayer) -> dict[str, Any]:
    return {"terms": list(TERMS), "neighbours": len(layer.neighbours.rows), "compares": layer.comparison is not None}


def unpack(files: Mapping[str, bytes], tenant_id: UUID, version: str) -> Twin:
    """The twin in these files, after every check; raises BundleRejected, naming the first that fails."""
    manifest = read_manifest(files.get(MANIFEST, b""), tenant_id, version)
    for name in SERVING_FILES:
        _check_digest(name, files, manifest["files"])
    try:
        twin = build_twin(manifest, safetensors.numpy.load(files[TENSORS]), json.loads(files[PROPERTY_IDS]))
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleRejected(f"the bundle does not hold what its manifest says: {error}") from error
    _check_golden(twin, manifest)
    return twin


def check_live(twin: Twin) -> None:
    """Raises BundleRejected for a sound model that cannot go live."""
    if fault := dimension_fault(twin.config.embedding_dim):
        raise BundleRejected(fault)


def read_manifest(data: bytes, tenant_id: UUID, version: str) -> dict[str, Any]:
    """The manifest, if it is this tenant's, of this version and of a schema that this code knows."""
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise BundleRejected("manifest.json is missing or is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("schema_version") != SCHEMA_VERSION:
        raise BundleRejected(f"manifest.json is not of schema version {SCHEMA_VERSION}: train the model anew")
    if manifest.get("tenant_id") != str(tenant_id):
        raise BundleRejected("the bundle was made for another tenant")
    if manifest.get("version") != version:
        raise BundleRejected(f"the bundle says it is version {manifest.get('version')!r}, not {version!r}")
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not all(isinstance(entry, dict) for entry in listed.values()):
        raise BundleRejected("manifest.json lists no files")
    if manifest.get("kind") not in get_args(ModelKind):
        raise BundleRejected(f"unknown kind of model: {manifest.get('kind')!r}")
    return manifest


def check_files(files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    """Every file that the manifest lists is there, whole; raises BundleRejected. Serving reads only some of them."""
    for name in (*SERVING_FILES, *manifest["files"]):
        _check_digest(name, files, manifest["files"])


def _check_digest(name: str, files: Mapping[str, bytes], listed: Mapping[str, Mapping[str, Any]]) -> None:
    if name not in files or name not in listed:
        raise BundleRejected(f"{name} is missing")
    if listed[name].get("size") != len(files[name]):
        raise BundleRejected(f"{name} has another size than the manifest says")
    if listed[name].get("sha256") != hashlib.sha256(files[name]).hexdigest():
        raise BundleRejected(f"{name} has another digest than the manifest says")


def _golden_answers(twin: Twin, golden: Catalogue) -> dict[str, Any]:
    ranking = twin.ranking.golden(twin.schema.vectorise(golden)[0]) if twin.ranking else None
    return {"vector": twin.embed(golden)[0].tolist(), "ranking": ranking}


def _check_golden(twin: Twin, manifest: Mapping[str, Any]) -> None:
    try:
        packed = manifest["golden"]
        now = _golden_answers(twin, Catalogue.from_rows(["golden"], [packed["property"]]))
        agrees = _agree(packed["vector"], now["vector"])
        agrees &= _agree(packed["ranking"], now["ranking"]) if twin.ranking else packed["ranking"] is None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleRejected(f"the golden prediction cannot be made: {error}") from error
    if not agrees:
        raise BundleRejected("the golden prediction comes out differently from what the manifest says")


def _agree(packed: Any, now: Any) -> bool:
    a, b = np.array(packed, dtype=np.float64), np.array(now, dtype=np.float64)
    return a.shape == b.shape and bool((np.abs(a - b) <= GOLDEN_TOLERANCE * (1 + np.abs(b))).all())
