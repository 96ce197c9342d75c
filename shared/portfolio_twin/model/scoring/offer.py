"""What every score is measured against: the properties that may be recommended."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats, Mask, Matrix, Numbers

OFFER_LIMIT = 10_000  # properties; of a larger catalogue so many, drawn by seed


class Normaliser(NamedTuple):
    """What one investor's scores by the ranking layer are measured against: those of all that is on offer to them.

    The layer says P(next = i) = exp sᵢ / Σ exp sⱼ. Of two properties, one of which was chosen by that and the other
    drawn at random, i is the chosen one with log-odds sᵢ − log mean exp s: what prior or calibration set there was has
    no part in it.
    """

    log_mean: float  # log of the mean of exp(score)
    terms: Matrix  # (terms,) the mean of each


@dataclass(frozen=True)
class Offer:
    """r of the bundle's properties."""

    rows: Numbers  # (r,) ascending
    X: Matrix  # (r, w) their features

    @classmethod
    def draw(cls, X: Matrix, seed: int, limit: int = OFFER_LIMIT) -> Self:
        """From the features of all properties (n, w)."""
        rows = np.sort(np.random.default_rng(seed).permutation(len(X))[:limit])
        return cls(rows, np.ascontiguousarray(X[rows]))

    @cached_property
    def average(self) -> Matrix:
        """(w,) the property that no input sets apart: where an explanation starts."""
        return np.asarray(self.X.mean(axis=0))

    def without(self, left_out: Numbers) -> Mask:
        """(r,) what is on offer to somebody who will not be shown these rows; all where nothing would be left."""
        kept = ~np.isin(self.rows, left_out)
        return kept if kept.any() else ~kept


def log_mean_exp(scores: Floats) -> float:
    """Of (n,) scores."""
    top = float(scores.max())
    return top + float(np.log(np.exp(scores - top).mean()))
