"""Whether the data has moved away from what the live model learnt: PSI per feature, judged by its own sampling noise.

PSI = Σ_b (p_b − q_b) · ln(p_b / q_b) over bins of the reference q (Siddiqi, "Credit Risk Scorecards", 2006).
When both samples come from one population, PSI / s is close to χ² with (bins − 1) degrees of freedom, where
s = 1/n + 1/m (Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of Risk
Model Validation 14(4), 2020). Two catalogues share most of their properties: with k rows in both,
Var(p_b − q_b) is proportional to s = 1/n + 1/m − 2k/(nm), which is what this module uses.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from portfolio_twin.domain.histograms import BIN_SUPPORT, Counts, histograms, without_empty
from portfolio_twin.domain.interactions import KINDS, InteractionLog
from portfolio_twin.domain.properties import Catalogue, Column, is_input

SMOOTHING = 0.5  # added to every bin, so that an empty one does not make PSI infinite
FALSE_ALARMS = 0.01  # chance that anything at all is called drift when nothing has moved
MODERATE, LARGE = 0.10, 0.25  # the customary bounds; below the first a shift is real but small


class Drift(NamedTuple):
    """How far one distribution moved: a shift below `noise` may be chance."""

    psi: float
    noise: float
    level: str  # none | small | moderate | large | too few


def population_stability_index(reference: Counts, current: Counts) -> float:
    """PSI of two histograms (b,), smoothed."""
    q = (reference + SMOOTHING) / (reference + SMOOTHING).sum()
    p = (current + SMOOTHING) / (current + SMOOTHING).sum()
    return float(((p - q) * np.log(p / q)).sum())


def noise_limit(bins: int, n: float, m: float, *, shared: float, tests: int) -> float:
    """The PSI that chance alone exceeds with probability FALSE_ALARMS / tests."""
    scale = max(1 / n + 1 / m - 2 * shared / (n * m), 0.0)
    return scale * chi_square_quantile(bins - 1, 1 - FALSE_ALARMS / tests)


def chi_square_quantile(freedom: int, probability: float) -> float:
    """Wilson and Hilferty, PNAS 17 (1931): within 1 % of the exact value for 3 and more degrees, 4 % for one."""
    if freedom < 1:
        return 0.0
    spread = 2 / (9 * freedom)
    root = 1 - spread + NormalDist().inv_cdf(probability) * math.sqrt(spread)
    return freedom * max(root, 0.0) ** 3


def catalogue_drift(reference: Catalogue, current: Catalogue) -> dict[str, Drift]:
    """Per input of the model and per attribute, the catalogue as it was against the catalogue as it is."""
    if not len(reference) or not len(current):
        return {}
    shared = len(set(reference.ids) & set(current.ids))
    names = [name for name in {**reference.columns, **current.columns} if is_input(name)]
    drifts = {}
    for name in names:
        before, after = histograms(_column(reference, name), _column(current, name))
        drifts[name] = _judge(before, after, len(reference), len(current), shared=shared, tests=len(names))
    return drifts


def mix_drift(reference: InteractionLog, current: InteractionLog) -> Drift:
    """The mix of kinds of interaction. One investor's are alike, so investors count, not interactions."""
    before, after = (np.bincount(log.kinds, minlength=len(KINDS)).astype(float) for log in (reference, current))
    n, m = independent_samples(reference), independent_samples(current)
    return _judge(*without_empty(before, after), n, m, shared=0, tests=1)


def independent_samples(log: InteractionLog) -> float:
    """n² / Σ nᵤ²: the size of the log if all of one investor's interactions were one (Kish's design effect)."""
    per_user = np.unique(log.users, return_counts=True)[1].astype(float)
    return float(len(log) ** 2 / (per_user**2).sum()) if len(log) else 0.0


def moved(drifts: Mapping[str, Drift]) -> list[str]:
    """Names of what moved at least moderately, the farthest first."""
    far = [name for name, drift in drifts.items() if drift.level in ("moderate", "large")]
    return sorted(far, key=lambda name: -drifts[name].psi)


def _judge(before: Counts, after: Counts, n: float, m: float, *, shared: float, tests: int) -> Drift:
    if min(n, m) < BIN_SUPPORT * max(len(before), 2):
        return Drift(0.0, 0.0, "too few")
    psi = population_stability_index(before, after)
    noise = noise_limit(len(before), n, m, shared=shared, tests=tests)
    level = "none" if psi <= noise else "large" if psi >= LARGE else "moderate" if psi >= MODERATE else "small"
    return Drift(round(psi, 4), round(noise, 4), level)


def _column(catalogue: Catalogue, name: str) -> Column:
    return catalogue.columns.get(name, np.full(len(catalogue), np.nan))
