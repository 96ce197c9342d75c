"""Lists whose entries are unlike each other."""

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix


def diversify(relevance: Floats, vectors: Matrix | None, diversity: float, top_k: int) -> list[int]:
    """The positions of the top_k by maximal marginal relevance: relevance (n,) on any scale, unit vectors (n, d).

    Each next one has the largest (1 − diversity) · relevance − diversity · cosine to the nearest one already chosen,
    relevance brought to 0..1. Without vectors, or at diversity 0, by relevance alone.

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998), with λ = 1 − diversity.
    """
    if vectors is None or diversity == 0:
        return [int(i) for i in np.argsort(-relevance, kind="stable")[:top_k]]
    spread = np.ptp(relevance)
    relevance = (relevance - relevance.min()) / (spread if spread > 0 else 1.0)
    chosen: list[int] = []
    closest = np.zeros(len(relevance))  # similarity to the nearest one already chosen
    for _ in range(min(top_k, len(relevance))):
        worth = (1 - diversity) * relevance - diversity * closest
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
        closest = np.maximum(closest, vectors @ vectors[chosen[-1]])
    return chosen
