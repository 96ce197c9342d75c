"""The property tower as serving runs it: numpy, BatchNorm folded into the layers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from portfolio_twin.domain.arrays import Matrix

NORM_FLOOR = 1e-12
UNIT_TOLERANCE = 1e-3  # how far the length of a unit vector may be from 1
FULL_EVIDENCE = 1.0  # a deal's worth: of less, the market's taste keeps a larger part


def normalise(vectors: Matrix) -> Matrix:
    """Rows (…, d) scaled to L2 norm 1."""
    norms = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))[..., None]
    return np.asarray(vectors / np.maximum(norms, NORM_FLOOR))


def pool_history(vectors: Matrix, weights: Matrix, market_taste: Matrix) -> Matrix:
    """The investor (d,) from their history: vectors (h, d), weights (h,) with their sign, u₀ (d,).

    normalise(Σ wᵢvᵢ / max(Σ|wᵢ|, 1) + u₀). A history in which nothing speaks for a property leaves the market's taste:
    what is disliked was looked at first, so dislikes alone tell no more of a taste than what lies near it.
    """
    if not (weights > 0).any():
        return normalise(market_taste)
    return normalise(weights @ vectors / max(float(np.abs(weights).sum()), FULL_EVIDENCE) + market_taste)


@dataclass(frozen=True)
class PropertyEncoder:
    """ReLU between the layers, the last one linear and L2-normalised: (n, width) → (n, embedding_dim)."""

    layers: Sequence[tuple[Matrix, Matrix]]  # weight (in, out), bias (out,)

    def __call__(self, X: Matrix) -> Matrix:
        h = X
        for i, (weight, bias) in enumerate(self.layers):
            h = h @ weight
            h += bias
            if i < len(self.layers) - 1:
                np.maximum(h, 0, out=h)
        return normalise(h)
