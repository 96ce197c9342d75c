import json
import pickle
from dataclasses import replace
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from portfolio_twin.errors import BundleRejected
from portfolio_twin.model.bundle.files import MANIFEST, PROPERTY_IDS, TENSORS, Provenance, pack, unpack
from portfolio_twin.model.comparison import Comparison
from portfolio_twin.model.config import RETIRED, TwinConfig
from portfolio_twin.model.ranking import TERMS
from portfolio_twin.model.twin import Twin
from tests.fakes.twins import TENANT_A, TENANT_B, plain_layer, small_catalogue, small_twin

Files = dict[str, bytes]
VERSION = small_twin().version


def packed(twin: Twin | None = None) -> Files:
    provenance = Provenance(TENANT_A, {"id": "s", "sha256": "0"}, None, {"auc": 0.9}, "test")
    golden = small_catalogue().take(np.arange(1))
    return pack(twin or small_twin(), provenance, golden, {"training_history.json": b"[]"})


def redigested(files: Files) -> Files:
    """The files with a manifest whose digests fit them: what somebody who means it would upload."""
    manifest = json.loads(files[MANIFEST])
    for name in manifest["files"]:
        manifest["files"][name] = {"sha256": sha256(files[name]).hexdigest(), "size": len(files[name])}
    return files | {MANIFEST: json.dumps(manifest).encode()}


def test_what_was_packed_comes_back_the_same() -> None:
    twin, again = small_twin(), unpack(packed(), TENANT_A, VERSION)
    assert (again.embed(small_catalogue(9, seed=3)) == twin.embed(small_catalogue(9, seed=3))).all()
    assert again.known_taste(2)[0] == pytest.approx(twin.known_taste(2)[0])
    assert (again.slope, again.confidence, again.config) == (twin.slope, twin.confidence, twin.config)
    assert list(again.property_ids) == list(twin.property_ids)


def with_tensors(files: Files, changes: dict[str, Any]) -> Files:
    """The files with these tensors changed, or left out where there is none."""
    tensors = {n: t for n, t in (safetensors.numpy.load(files[TENSORS]) | changes).items() if t is not None}
    return redigested(
        files | {TENSORS: safetensors.numpy.save({n: np.ascontiguousarray(t) for n, t in tensors.items()})}
    )


SOUND = safetensors.numpy.load(packed()[TENSORS])
WEIGHT = SOUND["tower.0.weight"]
POISONED = np.where(np.arange(WEIGHT.size).reshape(WEIGHT.shape) == 0, np.float32("nan"), WEIGHT)


@pytest.mark.case(15)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"tower.0.weight": POISONED}, "NaN"),
        ({"tower.0.weight": WEIGHT.T}, "tower.0.weight is float32"),
        ({"global_vector": SOUND["global_vector"].astype(np.float64)}, "float64"),
        ({"user_vectors": SOUND["user_vectors"] * 2}, "unit vectors"),
        ({"user_ids": SOUND["user_ids"][::-1]}, "fit each other"),
        ({"tower.0.weight": -WEIGHT}, "golden"),
        ({"offer.features": None}, "missing or unexpected"),
        ({"extra": np.zeros(1)}, "missing or unexpected"),
        ({"offer.rows": np.full(60, 60)}, "offer"),
        ({"offer.rows": np.zeros(0, np.int64)}, "offer"),
    ],
)
def test_tensors_that_are_not_what_the_manifest_says_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BundleRejected, match=reason):
        unpack(with_tensors(packed(), changes), TENANT_A, VERSION)


def with_second_step() -> Twin:
    twin = small_twin()
    layer = plain_layer(len(twin.property_ids), twin.schema.width)
    return replace(twin, ranking=replace(layer, comparison=Comparison.of(twin.schema)))


def test_the_second_step_comes_back_the_same() -> None:
    twin, again = with_second_step(), unpack(packed(with_second_step()), TENANT_A, VERSION)
    assert again.ranking is not None
    assert twin.ranking is not None
    assert (again.ranking.neighbours.rows == twin.ranking.neighbours.rows).all()
    assert again.ranking.comparison is not None
    assert again.ranking.golden(twin.offer.X[0]) == twin.ranking.golden(twin.offer.X[0])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ranking.weights": np.full((5, len(TERMS)), 2.0, dtype=np.float32)}, "golden"),
        ({"ranking.weights": np.full((5, len(TERMS) - 1), 1.0, dtype=np.float32)}, "ranking.weights is"),
        ({"ranking.weights": np.full((5, len(TERMS)), np.nan, dtype=np.float32)}, "NaN"),
        ({"ranking.neighbours": np.full(60, 60, dtype=np.int32)}, "neighbour"),
        ({"ranking.starts": np.arange(61)[::-1].copy()}, "neighbour"),
        ({"ranking.starts": np.append(np.arange(60), 61)}, "neighbour"),
        ({"ranking.surprise": np.zeros(1, dtype=np.float32)}, "unexpected"),
    ],
)
def test_a_second_step_that_was_tampered_with_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BundleRejected, match=reason):
        unpack(with_tensors(packed(with_second_step()), changes), TENANT_A, VERSION)


class Trap:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("a pickle was executed",))


@pytest.mark.case(15)
def test_a_pickle_in_the_place_of_the_tensors_is_refused_and_not_executed() -> None:
    with pytest.raises(BundleRejected):
        unpack(redigested(packed() | {TENSORS: pickle.dumps(Trap())}), TENANT_A, VERSION)


@pytest.mark.case(15)
def test_a_changed_byte_is_refused() -> None:
    files = packed()
    files[TENSORS] = files[TENSORS][:-1] + bytes([files[TENSORS][-1] ^ 1])
    with pytest.raises(BundleRejected, match="digest"):
        unpack(files, TENANT_A, VERSION)


@pytest.mark.case(15)
@pytest.mark.parametrize("name", [MANIFEST, TENSORS, PROPERTY_IDS])
def test_a_missing_file_is_refused(name: str) -> None:
    with pytest.raises(BundleRejected, match="missing"):
        unpack({key: data for key, data in packed().items() if key != name}, TENANT_A, VERSION)


@pytest.mark.parametrize("manifest", [b"", b"[]", b"{}", b'{"schema_version": 1}', b"\xff"])
def test_a_manifest_that_cannot_be_read_is_refused(manifest: bytes) -> None:
    with pytest.raises(BundleRejected, match="manifest"):
        unpack(packed() | {MANIFEST: manifest}, TENANT_A, VERSION)


def edited(**changes: Any) -> Files:
    files = packed()
    return files | {MANIFEST: json.dumps(json.loads(files[MANIFEST]) | changes).encode()}


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "oracle"}, {"config": {}}, {"feature_schema": {}}, {"slope": "x"}, {"slope": None},
        {"golden": None}, {"ranking": {"terms": ["luck"], "neighbours": 1}},
        {"files": {}}, {"files": 3}, {"confidence": {"coefficients": [1]}}, {"extent": {}},
        {"extent": small_twin().extent.to_json() | {"reach_km": float("nan")}},
    ],
)  # fmt: skip
def test_a_manifest_of_another_shape_is_refused_and_never_a_crash(changes: dict[str, Any]) -> None:
    with pytest.raises(BundleRejected):
        unpack(edited(**changes), TENANT_A, VERSION)


def test_another_tenants_bundle_and_another_version_are_refused() -> None:
    with pytest.raises(BundleRejected, match="another tenant"):
        unpack(packed(), TENANT_B, VERSION)
    with pytest.raises(BundleRejected, match="version"):
        unpack(packed(), TENANT_A, "20990101T000000Z-ffffffff")


@pytest.mark.case(15)
def test_a_twin_that_is_not_finite_cannot_be_loaded() -> None:
    twin = small_twin()
    bad = replace(twin, market_taste=np.full(16, np.inf, np.float32))
    with pytest.raises(BundleRejected, match="NaN or Inf"):
        unpack(packed(bad), TENANT_A, VERSION)


def test_a_bundle_of_before_carries_settings_that_are_gone_and_loads_if_they_are_a_twins() -> None:
    config = TwinConfig(epochs=3)
    assert TwinConfig.from_json(config.to_json() | RETIRED) == config
    for name in RETIRED:
        with pytest.raises(ValueError, match=name):
            TwinConfig.from_json(config.to_json() | RETIRED | {name: "of the plain design"})
