"""How far to trust a figure: the bootstrap over investors.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 6 and 13. Investors are drawn with replacement,
never their single answers: two answers about one investor say less than one answer each about two.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.evaluation.metrics import CALIBRATION_BINS, Labels, calibration_bins

SEED = 20_261_121  # the verdict on the same figures must not change from run to run
RESAMPLES = 2000
INTERVAL = (0.025, 0.975)
CHANCE_DRAWS = 200
FEW_USERS = 20  # below, resampling says nothing


@dataclass(frozen=True)
class Interval:
    """A figure that is never negative, and where the middle 95 % of its resamples lie (the percentile method, ch. 13).

    Resampling adds its noise to a figure like the ECE, which noise only makes larger; by so much the interval is moved
    back (the bootstrap's estimate of bias, ch. 10). Of a mean that is nothing.
    """

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, resampled: Floats) -> "Interval":
        """From the figure itself and (RESAMPLES,) of it."""
        low, high = np.quantile(resampled, INTERVAL) - (resampled.mean() - value)
        return cls(float(value), max(float(low), 0.0), float(high))

    def to_json(self) -> dict[str, float]:
        return asdict(self)


@lru_cache(maxsize=1)  # the same investors are asked about several models, one after the other
def resamples(investors: int) -> Floats:
    """(RESAMPLES, investors) how often each is drawn; the same for the same number of investors."""
    rng, times = np.random.default_rng(SEED), np.empty((RESAMPLES, investors))
    for row in times:  # one at a time: all draws at once would take three times the memory
        row[:] = np.bincount(rng.integers(investors, size=investors, dtype=np.int32), minlength=investors)
    times.flags.writeable = False
    return times


def resampled_means(drawn: Floats, values: Floats) -> Floats:
    """(RESAMPLES,) means of one value per investor (u,), over the draws of `resamples`."""
    return np.asarray(drawn @ values / len(values))


def resampled_ece(drawn: Floats, rows: Labels, labels: Labels, probabilities: Floats) -> Floats:
    """(RESAMPLES,) of `metrics.ece` over pairs (p,), `rows` (p,) saying whose pair each is."""
    investors = drawn.shape[1]
    cells = rows * CALIBRATION_BINS + calibration_bins(probabilities)
    gaps = np.bincount(cells, labels - probabilities, investors * CALIBRATION_BINS)
    pairs = np.bincount(rows, minlength=investors)
    off = np.abs(drawn @ gaps.reshape(investors, CALIBRATION_BINS)).sum(axis=1)
    return np.asarray(off / np.maximum(drawn @ pairs, 1))


def chance_ece(probabilities: Floats) -> float:
    """The ECE that these probabilities (p,) would show in 1 test of 20 if they were exactly right."""
    if len(probabilities) == 0:
        return 0.0
    happened = np.random.default_rng(SEED).random((CHANCE_DRAWS, len(probabilities))) < probabilities
    in_bin = calibration_bins(probabilities)[:, None] == np.arange(CALIBRATION_BINS)
    gaps = np.abs((happened - probabilities) @ in_bin)  # (draws, bins)
    return float(np.quantile(gaps.sum(axis=1) / len(probabilities), 0.95))
