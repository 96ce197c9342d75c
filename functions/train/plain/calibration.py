"""From the plain design's cosine to a probability: it has nothing else to make one of."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.model.scoring.confidence import fit_logistic, sigmoid

PAIRS_NEEDED = 20  # of each class, below which a calibration would be fitted to chance


@dataclass(frozen=True)
class Platt:
    """P(y = 1 | score) = σ(slope · score + intercept).

    Platt, "Probabilistic outputs for support vector machines" (1999), with his smoothed targets; fitted by Newton's
    method as in Lin, Lin and Weng, "A note on Platt's probabilistic outputs" (2007).
    """

    slope: float
    intercept: float

    def __call__(self, scores: Floats) -> Floats:
        return sigmoid(self.slope * scores + self.intercept)

    @classmethod
    def fit(cls, scores: Floats, labels: Floats) -> Self:
        """From (n,) scores and (n,) labels 0/1, weighted to equal classes. ValueError unless both classes occur."""
        positives, negatives = labels.sum(), (1 - labels).sum()
        if positives == 0 or negatives == 0:
            raise ValueError("calibration needs both positives and negatives")
        targets = np.where(labels > 0, (positives + 1) / (positives + 2), 1 / (negatives + 2))
        weights = np.where(labels > 0, 0.5 / positives, 0.5 / negatives) * len(labels)
        X = np.stack([scores, np.ones_like(scores)], axis=1).astype(np.float64)
        slope, intercept = fit_logistic(X, targets, weights, prior=np.zeros(2), strength=1e-3)
        # A score that means less the higher it is would turn the ranking round: then it means nothing.
        return cls(max(float(slope), 0.0), float(intercept) if slope > 0 else 0.0)
