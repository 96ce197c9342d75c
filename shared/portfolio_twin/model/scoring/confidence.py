"""How far to trust an answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from portfolio_twin.domain.arrays import Floats

# With little to learn from, the confidence follows these: surer with a clearer answer and with more evidence.
CONFIDENCE_PRIOR = np.array([0.0, 0.6, 0.3])
CONFIDENCE_PRIOR_STRENGTH = 20.0  # pseudo-observations behind the prior
CONTENT_CEILING = 0.5  # a model that saw no behaviour never claims more


def sigmoid(z: Floats | float) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(np.minimum(np.maximum(np.negative(z), -60), 60))))


@dataclass(frozen=True)
class Confidence:
    """The probability that an answer lies on the right side of 0.5; less for a property that is unlike training's.

    Inputs: |log-odds of the answer|; the investor's evidence (see `Histories.evidence`); the property's familiarity
    (see `Extent.familiarity`). The first two are fitted on held-out interactions with shortened histories, shrunk to a
    prior. Familiarity multiplies: of properties unlike all of training no held-out interaction can tell.
    """

    coefficients: tuple[float, float, float]
    ceiling: float = 1.0

    def __call__(self, log_odds: Floats, evidence: Floats | float, familiarity: Floats | float) -> Floats:
        """All (n,) → (n,) in 0..ceiling."""
        intercept, of_clearness, of_evidence = self.coefficients
        right = sigmoid(intercept + of_clearness * np.abs(log_odds) + of_evidence * np.log1p(evidence))
        return np.asarray(self.ceiling * familiarity * right)

    @classmethod
    def fit(cls, log_odds: Floats, evidence: Floats, labels: Floats) -> Self:
        """All (n,)."""
        correct = ((log_odds >= 0) == (labels > 0)).astype(np.float64)
        X = cls._inputs(log_odds, evidence)
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
    def _inputs(log_odds: Floats, evidence: Floats | float) -> Floats:
        columns = np.broadcast_arrays(1.0, np.abs(log_odds), np.log1p(evidence))
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
