"""Why this affinity: integrated gradients per input, and the smallest change that would lift it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.calibration import Platt
from portfolio_twin.model.twin import Taste, Twin

COMPLETENESS_TOLERANCE = 1e-3
STEPS = (64, 256, 1024)  # of the path integral; more only where fewer do not add up
LEAST_LIFT = 0.02


class Explanation(NamedTuple):
    """`contributions` per input sum to `affinity − baseline_affinity`, up to `completeness_gap`."""

    affinity: float
    baseline_affinity: float  # of the market's average property
    contributions: dict[str, float]  # the largest first
    completeness_gap: float


def explain(twin: Twin, taste: Taste, x: Matrix) -> Explanation:
    """Integrated gradients of the affinity along the line from the average property to x (w,).

    Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (2017), eq. 1 and 3; midpoint rule.
    """
    start = twin.landmarks.mean(axis=0)
    platt = twin.platt(taste)
    ends = platt(twin.encoder(np.stack([start, x])) @ taste.vector)
    for steps in STEPS:
        along = ((np.arange(steps) + 0.5) / steps).astype(np.float32)[:, None]
        gradients = _affinity_gradient(twin, taste.vector, start + along * (x - start), platt)  # (steps, w)
        attributions = gradients.mean(axis=0) * (x - start)
        gap = float(attributions.sum() - (ends[1] - ends[0]))
        if abs(gap) < COMPLETENESS_TOLERANCE:
            break
    totals = {name: float(attributions[list(columns)].sum()) for name, columns in twin.schema.groups.items()}
    ranked = dict(sorted(totals.items(), key=lambda item: -abs(item[1])))
    return Explanation(float(ends[1]), float(ends[0]), ranked, gap)


def _affinity_gradient(twin: Twin, user: Matrix, X: Matrix, platt: Platt) -> npt.NDArray[np.float64]:
    """∂ affinity / ∂ input for each row of X (s, w), back through the tower: (s, w)."""
    outputs = twin.encoder.forward(X)
    h = outputs[-1]
    norms = np.linalg.norm(h, axis=1, keepdims=True)
    v = h / norms
    cosine = v @ user
    p = platt(cosine)
    gradient: npt.NDArray[np.float64] = (platt.slope * p * (1 - p))[:, None] * (user - cosine[:, None] * v) / norms
    for i in range(len(twin.encoder.layers) - 1, -1, -1):
        if i < len(twin.encoder.layers) - 1:
            gradient = gradient * (outputs[i + 1] > 0)
        gradient = gradient @ twin.encoder.layers[i][0].T
    return gradient


@dataclass(frozen=True)
class Change:
    """One thing that could be different about the property, and the affinity it would then have."""

    input: str
    value: float | bool
    affinity: float


def smallest_change(row: Mapping[str, Any], affinity: Callable[[Catalogue], npt.NDArray[Any]]) -> Change | None:
    """The gentlest negotiable change that lifts the affinity of `row` over 0.5, or else the one that lifts it most.

    Negotiable are the price (the price per ft² moves with it), the condition and the renovation. None where nothing
    lifts it noticeably. `affinity` maps a catalogue of variants (n,) to affinities (n,).
    """
    variants = _variants(row)
    if not variants:
        return None
    rows: Sequence[Mapping[str, Any]] = [row, *(variant for _, _, variant in variants)]
    now, *lifted = affinity(Catalogue.from_rows([""] * len(rows), rows)).tolist()
    changes = [Change(name, value, p) for (name, value, _), p in zip(variants, lifted, strict=True)]
    worthwhile = [change for change in changes if change.affinity > now + LEAST_LIFT]
    crossing = [change for change in worthwhile if now < 0.5 <= change.affinity]
    if crossing:
        return crossing[0]
    return max(worthwhile, key=lambda change: change.affinity, default=None)


def _variants(fields: Mapping[str, Any]) -> list[tuple[str, float | bool, dict[str, Any]]]:
    """(input, new value, the whole row), the gentlest first."""
    row, variants = dict(fields), list[tuple[str, float | bool, dict[str, Any]]]()
    for step in (0.05, 0.1, 0.15, 0.2, 0.3):
        if row.get("listing_price"):
            price = round(row["listing_price"] * (1 - step), 2)
            tied = {"price_per_sqft": row["price_per_sqft"] * (1 - step)} if row.get("price_per_sqft") else {}
            variants.append(("listing_price", price, row | tied | {"listing_price": price}))
        if row.get("condition_score") is not None and row["condition_score"] + step <= 1:
            score = round(row["condition_score"] + step, 3)
            variants.append(("condition_score", score, row | {"condition_score": score}))
    if row.get("renovation_needed"):
        variants.append(("renovation_needed", False, row | {"renovation_needed": False}))
    return variants
