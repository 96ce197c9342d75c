"""From cosine to probability, and how far to trust it."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats

# With little to learn from, the confidence follows these: surer with a clearer answer and more evidence, less far away.
CONFIDENCE_PRIOR = np.array([0.0, 0.6, 0.3, -0.5])
CONFIDENCE_PRIOR_STRENGTH = 20.0  # pseudo-observations behind the prior
CONFIDENCE_SIGNS = np.array([0, 1, 1, -1])
CONTENT_CEILING = 0.5  # a model that saw no behaviour never claims more


def sigmoid(z: Floats) -> Floats:
    return 1.0 / (1.0 + np.exp(-np.clip(z, -60, 60)))


def logit(p: Floats) -> Floats:
    clipped = np.clip(p, 1e-9, 1 - 1e-9)
    return np.log(clipped) - np.log1p(-clipped)


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

    def to_json(self) -> dict[str, float]:
        return asdict(self)


@dataclass(frozen=True)
class Confidence:
    """The probability that an answer lies on the right side of 0.5, from the answer itself, evidence and distance.

    Inputs: |logit of the affinity|; the investor's evidence (see `Histories.evidence`); the property's
    novelty (see `Twin.novelty`). Fitted on held-out interactions with shortened histories, shrunk to a prior.
    """

    coefficients: tuple[float, float, float, float]
    ceiling: float = 1.0

    def __call__(self, affinity: Floats, evidence: Floats | float, novelty: Floats | float) -> Floats:
        """All (n,) → (n,) in 0..ceiling."""
        inputs = self._inputs(affinity, evidence, novelty)
        return self.ceiling * sigmoid(inputs @ np.array(self.coefficients))

    @classmethod
    def fit(cls, affinity: Floats, evidence: Floats, novelty: Floats, labels: Floats) -> Self:
        correct = ((affinity >= 0.5) == (labels > 0)).astype(np.float64)
        X = cls._inputs(affinity, evidence, novelty)
        kept = np.ones(len(CONFIDENCE_PRIOR), dtype=bool)
        while True:  # noise must not make thin evidence, or distance, a reason to trust: such a term is left out
            fitted = np.zeros(len(kept))
            prior, ones = CONFIDENCE_PRIOR[kept], np.ones(len(X))
            fitted[kept] = fit_logistic(X[:, kept], correct, ones, prior=prior, strength=CONFIDENCE_PRIOR_STRENGTH)
            wrong_way = fitted * CONFIDENCE_SIGNS < 0
            if not wrong_way.any():
                break
            kept &= ~wrong_way
        a, b, c, d = (float(value) for value in fitted)
        return cls((a, b, c, d))

    @classmethod
    def content(cls) -> Self:
        """For a model that was never fitted to behaviour: the prior under a low ceiling."""
        a, b, c, d = (float(value) for value in CONFIDENCE_PRIOR)
        return cls((a, b, c, d), CONTENT_CEILING)

    @staticmethod
    def _inputs(affinity: Floats, evidence: Floats | float, novelty: Floats | float) -> Floats:
        columns = np.broadcast_arrays(1.0, np.abs(logit(affinity)), np.log1p(evidence), novelty)
        return np.stack(columns, axis=-1)

    def to_json(self) -> dict[str, Any]:
        return {"coefficients": list(self.coefficients), "ceiling": self.ceiling}


def fit_logistic(X: Floats, targets: Floats, weights: Floats, *, prior: Floats, strength: float) -> Floats:
    """Weighted logistic regression, ridge towards `prior`, by Newton's method. X (n, k) → (k,)."""
    coefficients = prior.astype(np.float64).copy()
    for _ in range(50):
        p = sigmoid(X @ coefficients)
        gradient = X.T @ (weights * (p - targets)) + strength * (coefficients - prior)
        curvature = (X * (weights * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ X + strength * np.eye(X.shape[1])
        step = np.linalg.solve(curvature, gradient)
        coefficients -= np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-8:
            break
    return coefficients
