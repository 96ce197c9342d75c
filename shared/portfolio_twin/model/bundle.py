"""A model as files: safetensors and a manifest. Packing is plain; unpacking trusts nothing."""

import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np
import numpy.typing as npt
import safetensors.numpy
from safetensors import SafetensorError

from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import BundleRejected
from portfolio_twin.model.activity import WINDOWS_DAYS
from portfolio_twin.model.calibration import Confidence, Platt
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import TERMS, WEIGHT_ROWS, RankingLayer
from portfolio_twin.model.twin import Twin

SCHEMA_VERSION = 2
MANIFEST = "manifest.json"
TENSORS = "portfolio_twin.safetensors"
PROPERTY_IDS = "property_ids.json"
SERVING_FILES = (TENSORS, PROPERTY_IDS)
GOLDEN_TOLERANCE = 1e-4
UNIT_TOLERANCE = 1e-3


@dataclass(frozen=True)
class Provenance:
    """Where a bundle comes from; it goes into the manifest beside the model itself."""

    tenant_id: UUID
    snapshot: Mapping[str, Any]  # {"id", "sha256"}
    data_window: tuple[str, str] | None  # first and last interaction, ISO 8601
    metrics: Mapping[str, Any]
    code_version: str


def pack(twin: Twin, provenance: Provenance, golden: Catalogue, extra: Mapping[str, bytes]) -> dict[str, bytes]:
    """All files of the bundle by name; `golden` is one property whose answer every loader computes again."""
    files = {
        TENSORS: safetensors.numpy.save({name: np.ascontiguousarray(t) for name, t in _tensors(twin).items()}),
        PROPERTY_IDS: json.dumps(twin.property_ids.tolist(), ensure_ascii=False).encode(),
        **extra,
    }
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "version": twin.version,
        "kind": twin.kind,
        "tenant_id": str(provenance.tenant_id),
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)} for name, data in files.items()
        },
        "config": twin.config.to_json(),
        "feature_schema": twin.schema.to_json(),
        "calibration": twin.calibration.to_json(),
        "market_calibration": twin.market_calibration.to_json() if twin.market_calibration else None,
        "confidence": twin.confidence.to_json(),
        "ranking": {"terms": list(TERMS), "neighbours": twin.ranking.neighbours.numbers.shape[1]}
        if twin.ranking
        else None,
        "base_rate": twin.base_rate,
        "landmark_distance": twin.landmark_distance,
        "metrics": provenance.metrics,
        "data_window": provenance.data_window,
        "snapshot": provenance.snapshot,
        "code_version": provenance.code_version,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "golden": {"property": golden.row(0)} | _golden_answers(twin, golden),
    }
    return files | {MANIFEST: json.dumps(manifest, indent=1, allow_nan=False).encode()}


def unpack(files: Mapping[str, bytes], tenant_id: UUID, version: str) -> Twin:
    """The twin in these files, after every check; raises BundleRejected, naming the first that fails."""
    manifest = read_manifest(files.get(MANIFEST, b""), tenant_id, version)
    for name in SERVING_FILES:
        _check_digest(name, files, manifest["files"])
    try:
        twin = _build(manifest, safetensors.numpy.load(files[TENSORS]), json.loads(files[PROPERTY_IDS]))
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleRejected(f"the bundle does not hold what its manifest says: {error}") from error
    _check_golden(twin, manifest)
    return twin


def read_manifest(data: bytes, tenant_id: UUID, version: str) -> dict[str, Any]:
    """The manifest, if it is this tenant's, of this version and of a schema that this code knows."""
    try:
        manifest = json.loads(data)
    except ValueError as error:
        raise BundleRejected("manifest.json is missing or is not JSON") from error
    if not isinstance(manifest, dict) or manifest.get("schema_version") != SCHEMA_VERSION:
        raise BundleRejected(f"manifest.json is not of schema version {SCHEMA_VERSION}")
    if manifest.get("tenant_id") != str(tenant_id):
        raise BundleRejected("the bundle was made for another tenant")
    if manifest.get("version") != version:
        raise BundleRejected(f"the bundle says it is version {manifest.get('version')!r}, not {version!r}")
    listed = manifest.get("files")
    if not isinstance(listed, dict) or not all(isinstance(entry, dict) for entry in listed.values()):
        raise BundleRejected("manifest.json lists no files")
    if manifest.get("kind") not in ("twin", "content"):
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


def _tensors(twin: Twin) -> dict[str, npt.NDArray[Any]]:
    layers = {f"tower.{i}.{part}": t for i, pair in enumerate(twin.encoder.layers) for part, t in _named(pair)}
    return (
        layers
        | _ranking_tensors(twin.ranking)
        | {
            "global_vector": twin.global_vector,
            "landmarks": twin.landmarks,
            "property_vectors": twin.property_vectors,
            "user_ids": twin.user_ids,
            "user_vectors": twin.user_vectors,
            "user_evidence": twin.user_evidence,
        }
    )


def _ranking_tensors(layer: RankingLayer | None) -> dict[str, npt.NDArray[Any]]:
    if layer is None:
        return {}
    layers = enumerate(layer.encoder.layers)
    return {
        **{f"ranking.tower.{i}.{part}": t for i, pair in layers for part, t in _named(pair)},
        "ranking.market": layer.market,
        "ranking.weights": layer.weights,
        "ranking.scales": layer.scales,
        "ranking.neighbours": layer.neighbours.numbers,
        "ranking.strengths": layer.neighbours.strengths,
        "ranking.activity": layer.activity,
    }


def _named(pair: tuple[Any, Any]) -> list[tuple[str, Any]]:
    return [("weight", pair[0]), ("bias", pair[1])]


def _build(manifest: Mapping[str, Any], tensors: dict[str, npt.NDArray[Any]], property_ids: list[str]) -> Twin:
    config = TwinConfig.from_json(manifest["config"])
    schema = FeatureSchema.from_json(manifest["feature_schema"])
    hidden = () if manifest["kind"] == "content" else config.hidden
    second = manifest["ranking"]
    expected = _expected(config, schema, hidden, len(property_ids)) | _expected_ranking(
        second, config, schema, len(property_ids)
    )
    _check_tensors(tensors, expected)
    market = manifest["market_calibration"]
    scalars = [manifest["base_rate"], manifest["landmark_distance"], *manifest["calibration"].values()]
    scalars += market.values() if market else ()
    if not np.isfinite([*scalars, *manifest["confidence"]["coefficients"]]).all():
        raise ValueError("a calibration number is not finite")
    rest = {name: tensor for name, tensor in tensors.items() if "." not in name}
    return Twin(
        version=manifest["version"],
        kind=manifest["kind"],
        config=config,
        schema=schema,
        encoder=_build_tower("tower", tensors, len(hidden) + 1),
        calibration=Platt(**manifest["calibration"]),
        confidence=Confidence(tuple(manifest["confidence"]["coefficients"]), manifest["confidence"]["ceiling"]),
        base_rate=float(manifest["base_rate"]),
        landmark_distance=float(manifest["landmark_distance"]),
        property_ids=np.array(property_ids, dtype=object),
        market_calibration=Platt(**market) if market else None,
        ranking=_build_ranking(tensors, len(hidden) + 1) if second else None,
        **rest,
    )


def _build_ranking(tensors: Mapping[str, npt.NDArray[Any]], depth: int) -> RankingLayer:
    numbers, strengths = tensors["ranking.neighbours"], tensors["ranking.strengths"]
    if ((numbers < 0) | (numbers >= len(numbers))).any():
        raise ValueError("a neighbour is no property of this bundle")
    neighbours = Neighbours(numbers, strengths)
    return RankingLayer(
        weights=tensors["ranking.weights"],
        encoder=_build_tower("ranking.tower", tensors, depth),
        market=tensors["ranking.market"],
        scales=tensors["ranking.scales"],
        neighbours=neighbours,
        activity=tensors["ranking.activity"],
    )


def _build_tower(prefix: str, tensors: Mapping[str, npt.NDArray[Any]], depth: int) -> PropertyEncoder:
    return PropertyEncoder([(tensors[f"{prefix}.{i}.weight"], tensors[f"{prefix}.{i}.bias"]) for i in range(depth)])


def _expected_ranking(
    second: Mapping[str, Any] | None, config: TwinConfig, schema: FeatureSchema, n: int
) -> dict[str, tuple[tuple[int | None, ...], str]]:
    if second is None:
        return {}
    if second["terms"] != list(TERMS):
        raise ValueError(f"the ranking layer has other terms: {second['terms']}")
    c = int(second["neighbours"])
    tower = _expected_tower([schema.width, *config.hidden, config.embedding_dim])
    return {
        **{f"ranking.{name}": expected for name, expected in tower.items()},
        "ranking.market": ((config.embedding_dim,), "float32"),
        "ranking.weights": ((WEIGHT_ROWS, len(TERMS)), "float32"),
        "ranking.scales": ((schema.width,), "float32"),
        "ranking.neighbours": ((n, c), "int32"),
        "ranking.strengths": ((n, c), "float32"),
        "ranking.activity": ((n, len(WINDOWS_DAYS)), "float32"),
    }


def _expected(
    config: TwinConfig, schema: FeatureSchema, hidden: tuple[int, ...], n: int
) -> dict[str, tuple[tuple[int | None, ...], str]]:
    """Name → shape and dtype of every tensor that must be there; None stands for any length."""
    d = config.embedding_dim
    return {
        **_expected_tower([schema.width, *hidden, d]),
        "global_vector": ((d,), "float32"),
        "landmarks": ((None, schema.width), "float32"),
        "property_vectors": ((n, d), "float32"),
        "user_ids": ((None,), "int64"),
        "user_vectors": ((None, d), "float32"),
        "user_evidence": ((None,), "float32"),
    }


def _expected_tower(widths: list[int]) -> dict[str, tuple[tuple[int | None, ...], str]]:
    layers = list(itertools.pairwise(widths))
    return {
        **{f"tower.{i}.weight": (pair, "float32") for i, pair in enumerate(layers)},
        **{f"tower.{i}.bias": ((pair[1],), "float32") for i, pair in enumerate(layers)},
    }


def _check_tensors(
    tensors: Mapping[str, npt.NDArray[Any]], expected: Mapping[str, tuple[tuple[int | None, ...], str]]
) -> None:
    if odd := tensors.keys() ^ expected.keys():
        raise ValueError(f"missing or unexpected tensors: {sorted(odd)}")
    for name, (shape, dtype) in expected.items():
        tensor = tensors[name]
        fits = len(tensor.shape) == len(shape) and all(b in (None, a) for a, b in zip(tensor.shape, shape, strict=True))
        if not fits or tensor.dtype != dtype:
            raise ValueError(f"{name} is {tensor.dtype}{tensor.shape}, not {dtype}{shape}")
        if not np.isfinite(tensor).all():
            raise ValueError(f"{name} holds NaN or Inf")
    users = tensors["user_ids"]
    if not len(users) == len(tensors["user_vectors"]) == len(tensors["user_evidence"]) or (np.diff(users) <= 0).any():
        raise ValueError("the user tensors do not fit each other")
    for name in ("property_vectors", "user_vectors"):
        if np.abs(np.linalg.norm(tensors[name], axis=1) - 1).max(initial=0) > UNIT_TOLERANCE:
            raise ValueError(f"{name} are not unit vectors")
    if len(tensors["landmarks"]) == 0:
        raise ValueError("there are no landmarks")


def _golden_answers(twin: Twin, golden: Catalogue) -> dict[str, Any]:
    ranking = twin.ranking.golden(twin.schema.vectorise(golden)[0]) if twin.ranking else None
    return {"vector": twin.embed(golden)[0].tolist(), "ranking": ranking}


def _check_golden(twin: Twin, manifest: Mapping[str, Any]) -> None:
    try:
        said = manifest["golden"]
        found = _golden_answers(twin, Catalogue.from_rows(["golden"], [said["property"]]))
        agrees = _agree(said["vector"], found["vector"])
        agrees &= _agree(said["ranking"], found["ranking"]) if twin.ranking else said["ranking"] is None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BundleRejected(f"the golden prediction cannot be made: {error}") from error
    if not agrees:
        raise BundleRejected("the golden prediction comes out differently from what the manifest says")


def _agree(said: Any, found: Any) -> bool:
    a, b = np.array(said, dtype=np.float64), np.array(found, dtype=np.float64)
    return a.shape == b.shape and bool((np.abs(a - b) <= GOLDEN_TOLERANCE * (1 + np.abs(b))).all())
