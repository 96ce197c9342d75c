"""The arrays of a model: their names in a bundle, what each must look like, and the twin made of them again."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.model.activity import WINDOWS_DAYS
from portfolio_twin.model.comparison import Comparison
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import UNIT_TOLERANCE, PropertyEncoder
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import TERMS, WEIGHT_ROWS, RankingLayer
from portfolio_twin.model.scoring.confidence import Confidence
from portfolio_twin.model.scoring.offer import Offer
from portfolio_twin.model.twin import Twin

Shapes = Mapping[str, tuple[tuple[int | None, ...], str]]  # name → shape and dtype; None stands for any length
SAME_NAMES = ("property_vectors", "user_ids", "user_vectors", "user_evidence")  # in the twin and here


def tensors_of(twin: Twin) -> dict[str, npt.NDArray[Any]]:
    """Every array of the twin by the name it has in the bundle."""
    return {
        **_tower_tensors("tower", twin.encoder),
        **_ranking_tensors(twin.ranking),
        "global_vector": twin.market_taste,
        "offer.rows": twin.offer.rows,
        "offer.features": twin.offer.X,
        **{name: getattr(twin, name) for name in SAME_NAMES},
    }


def _ranking_tensors(layer: RankingLayer | None) -> dict[str, npt.NDArray[Any]]:
    if layer is None:
        return {}
    return {
        **_tower_tensors("ranking.tower", layer.encoder),
        "ranking.market": layer.market_taste,
        "ranking.weights": layer.weights,
        "ranking.scales": layer.scales,
        "ranking.starts": layer.neighbours.starts,
        "ranking.neighbours": layer.neighbours.rows,
        "ranking.strengths": layer.neighbours.strengths,
        "ranking.activity": layer.activity,
    }


def _tower_tensors(prefix: str, encoder: PropertyEncoder) -> dict[str, npt.NDArray[Any]]:
    named = (zip(("weight", "bias"), pair, strict=True) for pair in encoder.layers)
    return {f"{prefix}.{i}.{part}": tensor for i, pair in enumerate(named) for part, tensor in pair}


def build_twin(manifest: Mapping[str, Any], tensors: dict[str, npt.NDArray[Any]], property_ids: list[str]) -> Twin:
    """From what `tensors_of` gave; raises ValueError, KeyError or TypeError where the manifest says otherwise."""
    config = TwinConfig.from_json(manifest["config"])
    schema = FeatureSchema.from_json(manifest["feature_schema"])
    hidden = () if manifest["kind"] == "content" else config.hidden
    layer, n = manifest["ranking"], len(property_ids)
    _check_tensors(tensors, {**_expected(config, schema, hidden, n), **_expected_ranking(layer, config, schema, n)})
    if not np.isfinite([manifest["base_rate"], manifest["slope"]]).all():
        raise ValueError("base_rate or slope is not finite")
    return Twin(
        version=manifest["version"],
        kind=manifest["kind"],
        config=config,
        schema=schema,
        extent=Extent.from_json(manifest["extent"], schema),
        encoder=_build_tower("tower", tensors, len(hidden) + 1),
        market_taste=tensors["global_vector"],
        slope=float(manifest["slope"]),
        confidence=Confidence.from_json(manifest["confidence"]),
        learnt_until=int(manifest["learnt_until"]),
        base_rate=float(manifest["base_rate"]),
        offer=Offer(tensors["offer.rows"], tensors["offer.features"]),
        property_ids=np.array(property_ids, dtype=object),
        ranking=_build_ranking(layer, tensors, schema, len(hidden) + 1) if layer else None,
        **{name: tensors[name] for name in SAME_NAMES},
    )


def _build_ranking(
    layer: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]], schema: FeatureSchema, depth: int
) -> RankingLayer:
    starts, rows, strengths = (tensors[f"ranking.{name}"] for name in ("starts", "neighbours", "strengths"))
    if ((rows < 0) | (rows >= len(starts) - 1)).any() or (np.diff(starts, prepend=0, append=len(rows)) < 0).any():
        raise ValueError("a neighbour is no property of this bundle")
    return RankingLayer(
        weights=tensors["ranking.weights"],
        encoder=_build_tower("ranking.tower", tensors, depth),
        market_taste=tensors["ranking.market"],
        scales=tensors["ranking.scales"],
        neighbours=Neighbours(starts, rows, strengths),
        activity=tensors["ranking.activity"],
        comparison=Comparison.of(schema) if layer["compares"] else None,
    )


def _build_tower(prefix: str, tensors: Mapping[str, npt.NDArray[Any]], depth: int) -> PropertyEncoder:
    return PropertyEncoder([(tensors[f"{prefix}.{i}.weight"], tensors[f"{prefix}.{i}.bias"]) for i in range(depth)])


def _expected_ranking(layer: Mapping[str, Any] | None, config: TwinConfig, schema: FeatureSchema, n: int) -> Shapes:
    if layer is None:
        return {}
    if layer["terms"] != list(TERMS):
        raise ValueError(f"the ranking layer has other terms: {layer['terms']}")
    e = int(layer["neighbours"])
    return {
        **_expected_tower("ranking.tower", [schema.width, *config.hidden, config.embedding_dim]),
        "ranking.market": ((config.embedding_dim,), "float32"),
        "ranking.weights": ((WEIGHT_ROWS, len(TERMS)), "float32"),
        "ranking.scales": ((schema.width,), "float32"),
        "ranking.starts": ((n + 1,), "int64"),
        "ranking.neighbours": ((e,), "int32"),
        "ranking.strengths": ((e,), "float32"),
        "ranking.activity": ((n, len(WINDOWS_DAYS)), "float32"),
    }


def _expected(config: TwinConfig, schema: FeatureSchema, hidden: tuple[int, ...], n: int) -> Shapes:
    d = config.embedding_dim
    return {
        **_expected_tower("tower", [schema.width, *hidden, d]),
        "global_vector": ((d,), "float32"),
        "offer.rows": ((None,), "int64"),
        "offer.features": ((None, schema.width), "float32"),
        "property_vectors": ((n, d), "float32"),
        "user_ids": ((None,), "int64"),
        "user_vectors": ((None, d), "float32"),
        "user_evidence": ((None,), "float32"),
    }


def _expected_tower(prefix: str, widths: list[int]) -> Shapes:
    weights = {f"{prefix}.{i}.weight": (pair, "float32") for i, pair in enumerate(itertools.pairwise(widths))}
    return weights | {f"{prefix}.{i}.bias": ((width,), "float32") for i, width in enumerate(widths[1:])}


def _check_tensors(tensors: Mapping[str, npt.NDArray[Any]], expected: Shapes) -> None:
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
    rows, n = tensors["offer.rows"], len(tensors["property_vectors"])
    if len(rows) == 0 or len(rows) != len(tensors["offer.features"]) or ((rows < 0) | (rows >= n)).any():
        raise ValueError("the offer is empty, or is not of this bundle's properties")
