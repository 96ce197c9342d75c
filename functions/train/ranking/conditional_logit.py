"""The conditional logit: which of the candidates an investor chooses, from terms that speak for each."""

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix

STEPS = 30
SMALLEST_STEP = 1e-3  # of a whole Newton step
ENOUGH = 1e-6  # nats
COSINE_SPREAD = 9.0  # the prior's standard deviation of a cosine's weight, whichever tower it is of

Weights = npt.NDArray[np.float64]


def fit_choice(terms: Matrix, spread: Weights) -> Weights:
    """(k,) from (e, m, k), the chosen candidate at position 0, under the prior weight ~ N(0, spread²), spread (k,).

    Newton's method on the log-posterior per example: the more examples, the less the prior counts.

    McFadden, "Conditional logit analysis of qualitative choice behavior" (1974), eq. 18 to 20.
    """
    e, k = len(terms), terms.shape[2]
    scale = np.maximum(terms.std(axis=(0, 1), dtype=np.float64), 1e-6)
    X = (terms / scale).astype(np.float32)
    ridge = 1 / (e * (spread * scale) ** 2)  # (k,)
    w, best = np.zeros(k), -np.inf
    for _ in range(STEPS):
        p = _chances(X @ w.astype(np.float32))  # (e, m)
        expected = np.einsum("em,emk->ek", p, X)
        gradient = (X[:, 0] - expected).mean(axis=0, dtype=np.float64) - ridge * w
        flat = X.reshape(-1, k)
        curvature = (flat * p.reshape(-1, 1)).T @ flat / e - expected.T @ expected / e
        step = np.linalg.solve(curvature + np.diag(ridge), gradient)
        size = 1.0
        while (value := _worth(X, w + size * step, ridge)) < best and size > SMALLEST_STEP:
            size /= 2
        if value - best < ENOUGH:
            break
        w, best = w + size * step, value
    return np.asarray(w / scale)


def log_likelihoods(scores: Matrix) -> Matrix:
    """(e,) of the chosen candidate, at position 0, among (e, m) scores, in nats."""
    return np.log(np.maximum(_chances(scores)[:, 0], 1e-30))


def _worth(X: Matrix, w: Weights, ridge: Weights) -> float:
    return float(log_likelihoods(X @ w.astype(np.float32)).mean()) - float(ridge @ w**2) / 2


def _chances(scores: Matrix) -> Matrix:
    p = np.exp(scores - scores.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return np.asarray(p)
