"""The arrays of a model: their names in a bundle, what each must look like, and the twin made of them again."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.model.activity import WINDOWS_DAYS
from portfolio_twin.model.calibration import Confidence, Platt
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.ranking import TERMS, WEIGHT_ROWS, RankingLayer
from portfolio_twin.model.twin import Twin

UNIT_TOLERANCE = 1e-3


def tensors_of(twin: Twin) -> dict[str, npt.NDArray[Any]]:
    """Every array of the twin by the name it has in the bundle."""
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


def build_twin(manifest: Mapping[str, Any], tensors: dict[str, npt.NDArray[Any]], property_ids: list[str]) -> Twin:
    """From what `tensors_of` gave; raises ValueError, KeyError or TypeError where the manifest says otherwise."""
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
