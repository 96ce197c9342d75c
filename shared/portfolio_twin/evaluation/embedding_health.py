"""Is a set of embeddings alive? Figures that no label is needed for."""

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.model.encoder import normalise

SAMPLE = 2000  # properties; beyond, more rows change no digit that a gate looks at
NEIGHBOURS = 5
COLLAPSED = 1e-3  # of the largest singular value


def effective_rank(vectors: Floats) -> float:
    """exp(entropy of the normalised singular values) of the centred (n, d): Roy and Vetterli, EUSIPCO 2007, eq. 2.

    Near 1 when all properties lie on one line, near min(n − 1, d) when they fill the space; 0 when they are one point.
    """
    singular = _singular_values(vectors)
    if singular.sum() <= 1e-6 * len(vectors):
        return 0.0
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))


def collapsed_directions(vectors: Floats) -> int:
    """How many of the d directions of (n, d) hold next to nothing."""
    singular = _singular_values(vectors)
    return int(vectors.shape[1] - (singular > COLLAPSED * max(singular.max(initial=0.0), 1e-12)).sum())


def lookalike_sanity(vectors: Floats, features: Floats, seed: int) -> float:
    """Share of properties whose nearest ones by vector (n, d) are nearer than usual by features (n, w).

    1 when every look-alike does look alike, about 0.5 for vectors that mean nothing. NaN under three properties.
    """
    n = len(vectors)
    if n < 3:
        return float("nan")
    rows = np.random.default_rng(seed).permutation(n)[:SAMPLE]
    V, X = vectors[rows], features[rows]
    near = V @ V.T
    np.fill_diagonal(near, -np.inf)
    squares = (X * X).sum(axis=1)
    gaps = np.sqrt(np.maximum(squares[:, None] - 2 * X @ X.T + squares, 0))
    nearest = np.argsort(-near, axis=1)[:, : min(NEIGHBOURS, len(rows) // 2)]
    usual = gaps.sum(axis=1) / (len(rows) - 1)
    return float((np.take_along_axis(gaps, nearest, axis=1).mean(axis=1) <= usual).mean())


def taste_figures(vectors: Matrix, evidence: Matrix, market_taste: Matrix) -> dict[str, float]:
    """How far the investors' unit vectors (m, d) differ, of those with evidence (m,): whoever has none is the market.

    Cosines near 1 and a rank near 0 or 1: all are asked for alike. NaN where there are too few to say.
    """
    kept = vectors[evidence > 0].astype(np.float64)
    m, total, nan = len(kept), kept.sum(axis=0), float("nan")
    return {
        "without_evidence": len(vectors) - m,
        "effective_rank": effective_rank(kept),
        "cosine_to_market_taste": float((kept @ normalise(market_taste)).mean()) if m else nan,
        "pairwise_cosine": float((total @ total - m) / (m * (m - 1))) if m > 1 else nan,
    }


def _singular_values(vectors: Floats) -> Floats:
    if len(vectors) == 0:
        return np.zeros(0)
    centred = vectors.astype(np.float64) - vectors.mean(axis=0)
    moments = centred.T @ centred  # (d, d): its eigenvalues are the squares, whatever n
    return np.sqrt(np.maximum(np.linalg.eigvalsh(moments), 0.0))
