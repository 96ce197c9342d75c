"""Why this score: integrated gradients per input, and the smallest change that would lift it."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.encoder import PropertyEncoder, normalise
from portfolio_twin.model.scoring.confidence import sigmoid

STEPS = 64  # of the path integral: a part is right within some .04 of the log-odds, on average within .002
POINTS_AT_ONCE = 16_384
TINY = 1e-12
LEAST_LIFT = 1.1  # times the odds
EVEN = 0.5  # as likely as the average property


def cosine_parts(encoder: PropertyEncoder, investor: Matrix, start: Matrix, X: Matrix) -> Floats:
    """(m, w) what each column adds to the cosine between start (w,) and each of X (m, w), for one investor (d,).

    Integrated gradients along the line from `start`; what the sum over STEPS still misses of the whole is spread in
    proportion. Sundararajan, Taly and Yan, "Axiomatic attribution for deep networks" (2017), eq. 1 and 3; midpoint
    rule.
    """
    difference = X - start
    parts, size = np.zeros(X.shape), POINTS_AT_ONCE // STEPS
    for begin in range(0, len(X), size):
        rows = slice(begin, begin + size)
        parts[rows] = _mean_gradient(encoder, investor, start, difference[rows]) * difference[rows]
    missed = (encoder(X) - encoder(start[None])) @ investor - parts.sum(axis=1)  # (m,)
    sizes = np.abs(parts)
    return np.asarray(parts + sizes * (missed / np.maximum(sizes.sum(axis=1), TINY))[:, None])


def _mean_gradient(encoder: PropertyEncoder, investor: Matrix, start: Matrix, difference: Matrix) -> Matrix:
    """(m, w) mean of ∂ cosine / ∂ column over the midpoints of the way from start (w,) to start + difference (m, w).

    The first layer, the widest, is linear: its output moves evenly along the way, and one gradient of it serves all.
    """
    (weight, bias), *deeper = encoder.layers
    along = ((np.arange(STEPS, dtype=np.float32) + 0.5) / STEPS)[:, None]
    first = (start @ weight + bias) + along * (difference @ weight)[:, None]  # (m, steps, h)
    outputs = [first.reshape(-1, len(bias))]
    for w, b in deeper:
        outputs.append(np.maximum(outputs[-1], 0) @ w + b)
    v = normalise(outputs[-1])
    gradient = (investor - (v @ investor)[:, None] * v) / np.linalg.norm(outputs[-1], axis=1, keepdims=True)
    for (w, _), before in zip(reversed(deeper), reversed(outputs[:-1]), strict=True):
        gradient = (gradient @ w.T) * (before > 0)
    return np.asarray(gradient.reshape(first.shape).mean(axis=1) @ weight.T)


@dataclass(frozen=True)
class Change:
    """One thing that could be different about the property, and what the answer would then be."""

    input: str
    value: float | bool
    affinity: float
    odds_ratio: float  # how many times as likely it would be chosen


def smallest_change(row: Mapping[str, Any], log_odds: Callable[[Catalogue], Floats]) -> Change | None:
    """The gentlest negotiable change that lifts the affinity of `row` over 0.5, or else the one that lifts it most.

    Negotiable are the price (the price per ft² moves with it), the condition and the renovation. None where nothing
    lifts it noticeably. `log_odds` maps a catalogue of variants (n,) to their log-odds (n,).
    """
    variants = _variants(row)
    if not variants:
        return None
    rows: Sequence[Mapping[str, Any]] = [row, *(variant for _, _, variant in variants)]
    now, *lifted = log_odds(Catalogue.from_rows([""] * len(rows), rows)).tolist()
    changes = [
        Change(name, value, float(sigmoid(np.array(then))), math.exp(then - now))
        for (name, value, _), then in zip(variants, lifted, strict=True)
    ]
    worthwhile = [change for change in changes if change.odds_ratio > LEAST_LIFT]
    crossing = [change for change in worthwhile if now < 0 and change.affinity >= EVEN]
    if crossing:
        return crossing[0]
    return max(worthwhile, key=lambda change: change.odds_ratio, default=None)


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
