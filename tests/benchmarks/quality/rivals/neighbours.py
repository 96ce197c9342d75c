"""Rivals without a gradient: chance, what is popular, what the same investors want, what is alike."""

import numpy as np
from scipy import sparse

from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, Scorer
from portfolio_twin.model.histories import Histories
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting, dense, wanted


def random(known: Known, _: Setting, seed: int) -> Answer:
    rng = np.random.default_rng(seed)
    return lambda queries: lambda chunk: rng.random((chunk.stop - chunk.start, len(known.catalogue)))


def popularity(known: Known, _: Setting, _seed: int) -> Answer:
    return lambda queries: lambda chunk: np.repeat(known.popularity[None], chunk.stop - chunk.start, axis=0)


def item_knn(known: Known, setting: Setting, _: int) -> Answer:
    likeness = co_occurrence(known, setting["shrinkage"], int(setting["neighbours"]))

    def answer(queries: Queries) -> Scorer:
        histories = wanted(queries.histories, len(known.catalogue))
        return lambda chunk: dense(histories[chunk] @ likeness)

    return answer


def co_occurrence(known: Known, shrinkage: float, neighbours: int) -> sparse.csr_matrix:
    """(n, n) cosine over investors, shrunk where few share both, the nearest so many of each; 0 with itself.

    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", ACM TOIS 22 (2004), §4.
    """
    matrix = known.matrix
    both = (matrix.T @ matrix).tocoo()
    norms = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=0)).ravel())
    apart = both.row != both.col
    rows, columns, values = both.row[apart], both.col[apart], both.data[apart]
    values = values / (norms[rows] * norms[columns] + shrinkage)
    order = np.lexsort((-values, rows))
    rows, columns, values = rows[order], columns[order], values[order]
    starts = np.searchsorted(rows, np.arange(both.shape[0]))
    near = np.arange(len(rows)) - starts[rows] < neighbours
    return sparse.csr_matrix((values[near], (rows[near], columns[near])), shape=both.shape, dtype=np.float32)


def content_knn(known: Known, setting: Setting, _: int) -> Answer:
    X = known.features(setting["place"])
    return lambda queries: nearness(X, queries.histories)


def nearness(X: Matrix, histories: Histories) -> Scorer:
    """(chunk, n) minus the distance to the nearest wanted property of the history, in X (n, w); 0 without any."""
    squares = (X * X).sum(axis=1)
    kept = histories.take(histories.weights > 0)
    starts = np.append(0, np.cumsum(kept.lengths))

    def score(chunk: slice) -> Matrix:
        rows = range(*chunk.indices(histories.count))
        scores = np.zeros((len(rows), len(X)), dtype=np.float32)
        for i, row in enumerate(rows):
            mine = kept.properties[starts[row] : starts[row + 1]]
            if len(mine):
                gaps = (squares[mine][:, None] - 2 * X[mine] @ X.T + squares).min(axis=0)
                scores[i] = -np.sqrt(np.maximum(gaps, 0))
        return scores

    return score


def ease(known: Known, setting: Setting, _: int) -> Answer:
    """B = I − P/diag(P), P = (XᵀX + λI)⁻¹.

    Steck, "Embarrassingly Shallow Autoencoders for Sparse Data" (WWW 2019), eq. 8.
    """
    gram = dense((known.matrix.T @ known.matrix).tocsr()).astype(np.float64)
    inverse = np.linalg.inv(gram + setting["ridge"] * np.eye(len(gram)))
    weights = (-inverse / np.diag(inverse)).astype(np.float32)
    np.fill_diagonal(weights, 0)

    def answer(queries: Queries) -> Scorer:
        histories = wanted(queries.histories, len(weights))
        return lambda chunk: np.asarray(histories[chunk] @ weights)

    return answer
