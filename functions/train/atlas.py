"""Where each property is drawn: t-SNE of landmarks, the others beside their nearest, as serving puts what is new."""

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.model.browse.atlas import Drawn, on_grid, place

LANDMARKS = 4_000
PERPLEXITY = 30.0
ITERATIONS = 500  # sklearn's default of 1 000 takes twice as long; docs/decisions/0021 has what it brings
FEWEST = 5  # properties; of fewer t-SNE has nothing to say
JUDGED = 2_000  # properties: the trustworthiness takes the square of it
NEAREST = 10


def draw_atlas(vectors: Matrix, seed: int, landmarks: int = LANDMARKS) -> Drawn:
    """From the vectors (n, d) of all properties, of length 1; the same for the same seed."""
    n = len(vectors)
    chosen = np.sort(np.random.default_rng(seed).permutation(n)[:landmarks])
    drawn = tsne(vectors[chosen], seed) if n >= FEWEST else two_components(vectors)
    points = np.empty((n, 2))
    points[chosen] = drawn
    others = np.setdiff1d(np.arange(n), chosen)
    if len(others):
        points[others] = place(vectors[others], vectors[chosen], drawn)
    how = "t-SNE" if n >= FEWEST else "two principal components"
    rest = f", {len(others):,} put beside their nearest five" if len(others) else ""
    return Drawn(
        places=on_grid(points),
        method=f"{how} of {len(chosen):,} properties{rest}",
        landmarks=len(chosen),
        placed=len(others),
        trustworthiness_at_10=_trustworthiness(vectors, points, seed),
    )


def tsne(vectors: Matrix, seed: int) -> Floats:
    """(n, 2) of vectors (n, d). van der Maaten and Hinton, "Visualizing data using t-SNE" (JMLR 2008)."""
    from sklearn.manifold import TSNE  # takes a second to import, and only this needs it
    from threadpoolctl import threadpool_limits

    perplexity = min(PERPLEXITY, (len(vectors) - 1) / 3)
    with threadpool_limits(limits=1):  # threads that compete for a busy core cost many times what they save here
        method = TSNE(perplexity=perplexity, init="pca", random_state=seed, max_iter=ITERATIONS)
        return np.asarray(method.fit_transform(vectors), dtype=np.float64)


def two_components(vectors: Matrix) -> Floats:
    """(n, 2) along the two directions in which vectors (n, d) differ most."""
    centred = vectors - vectors.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=True)
    return np.asarray(centred @ directions[:2].T, dtype=np.float64)


def _trustworthiness(vectors: Matrix, points: Floats, seed: int) -> float | None:
    """Venna and Kaski, "Neighborhood preservation in nonlinear projection methods" (2001); of so many drawn by seed."""
    some = np.random.default_rng(seed + 1).permutation(len(vectors))[:JUDGED]
    if len(some) <= 2 * NEAREST:
        return None
    from sklearn.manifold import trustworthiness  # as above

    return float(trustworthiness(vectors[some], points[some], n_neighbors=NEAREST))
