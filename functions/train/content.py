"""Day zero: the model of a tenant whose investors have done too little to learn from. No training, no torch."""

import numpy as np

from functions.train.tower.fitted import FittedTower
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.model.encoder import PropertyEncoder

MARKET_PULL = 0.1  # how much of the market's mean is in every investor, so that an empty history has a direction


def content_tower(X: Matrix, dim: int) -> FittedTower:
    """From the properties X (n, w) alone."""
    encoder = principal_components(X, dim)
    return FittedTower(encoder, market_vector(encoder(X)))


def principal_components(X: Matrix, dim: int) -> PropertyEncoder:
    """One linear layer onto the `dim` directions in which the properties X (n, w) differ most.

    Pearson, "On lines and planes of closest fit to systems of points in space" (1901); eigenvectors of the covariance.
    """
    mean = X.mean(axis=0, dtype=np.float64)
    _, directions = np.linalg.eigh(np.cov((X - mean).T, bias=True).reshape(X.shape[1], X.shape[1]))
    weight = np.zeros((X.shape[1], dim))
    kept = min(dim, X.shape[1])
    weight[:, :kept] = directions[:, ::-1][:, :kept]
    weight *= np.where(weight.sum(axis=0) < 0, -1.0, 1.0)  # an eigenvector has no sign of its own
    return PropertyEncoder([(weight.astype(np.float32), (-mean @ weight).astype(np.float32))])


def market_vector(vectors: Matrix) -> Matrix:
    """u₀ (d,): a small pull towards the market's mean, from vectors (n, d)."""
    mean = vectors.mean(axis=0)
    norm = float(np.linalg.norm(mean))
    direction = mean / norm if norm > 1e-6 else vectors[0]  # a market without a middle: any property stands for it
    return np.asarray(MARKET_PULL * direction, dtype=np.float32)
