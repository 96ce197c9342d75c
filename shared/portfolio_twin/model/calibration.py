"""From cosine to probability, and how far to trust it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats

# With little to learn from, the confidence follows these: surer with a clearer answer and with more evidence.
CONFIDENCE_PRIOR = np.array([0.0, 0.6, 0.3])
CONFIDENCE_PRIOR_STRENGTH = 20.0  # pseudo-observations behind the prior
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
    """The probability that an answer lies on the right side of 0.5; less for a property that is unlike training's.

    Inputs: |logit of the affinity|; the investor's evidence (see `Histories.evidence`); the property's familiarity (see
    `Extent.familiarity`). The first two are fitted on held-out interactions with shortened histories, shrunk to a
    prior. Familiarity multiplies: of properties unlike all of training no held-out interaction can tell.
    """

    coefficients: tuple[float, float, float]
    ceiling: float = 1.0

    def __call__(self, affinity: Floats, evidence: Floats | float, familiarity: Floats | float) -> Floats:
        """All (n,) → (n,) in 0..ceiling."""
        right = sigmoid(self._inputs(affinity, evidence) @ np.array(self.coefficients))
        return np.asarray(self.ceiling * familiarity * right)

    @classmethod
    def fit(cls, affinity: Floats, evidence: Floats, labels: Floats) -> Self:
        """All (n,)."""
        correct = ((affinity >= 0.5) == (labels > 0)).astype(np.float64)
        X = cls._inputs(affinity, evidence)
        kept = np.ones(len(CONFIDENCE_PRIOR), dtype=bool)
        while True:  # noise must not make thin evidence, or an unclear answer, a reason to trust: it is left out
            fitted = np.zeros(len(kept))
            prior, ones = CONFIDENCE_PRIOR[kept], np.ones(len(X))
            fitted[kept] = fit_logistic(X[:, kept], correct, ones, prior=prior, strength=CONFIDENCE_PRIOR_STRENGTH)
            wrong_way = fitted < 0
            wrong_way[0] = False  # the intercept has no wrong sign
            if not wrong_way.any():
                break
            kept &= ~wrong_way
        a, b, c = (float(value) for value in fitted)
        return cls((a, b, c))

    @classmethod
    def content(cls) -> Self:
        """For a model that was never fitted to behaviour: the prior under a low ceiling."""
        a, b, c = (float(value) for value in CONFIDENCE_PRIOR)
        return cls((a, b, c), CONTENT_CEILING)

    @staticmethod
    def _inputs(affinity: Floats, evidence: Floats | float) -> Floats:
        columns = np.broadcast_arrays(1.0, np.abs(logit(affinity)), np.log1p(evidence))
        return np.stack(columns, axis=-1)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Raises ValueError unless there are three coefficients and all numbers are finite."""
        a, b, c = (float(value) for value in data["coefficients"])
        if not np.isfinite([a, b, c, data["ceiling"]]).all():
            raise ValueError("a number of the confidence is not finite")
        return cls((a, b, c), float(data["ceiling"]))

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
