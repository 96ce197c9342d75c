"""The rivals that a twin has to beat: what is popular, and what is nearest to the investor's properties."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from portfolio_twin.model.encoder import Matrix
from portfolio_twin.model.histories import Histories, Numbers

Scorer = Callable[[slice], npt.NDArray[np.floating]]  # a chunk of the queries → (chunk, n) scores


def popularity(properties: Numbers, n: int) -> Scorer:
    """The same list for everyone: interactions per property in what may be trained on. properties (m,) numbers."""
    counts = np.bincount(properties, minlength=n).astype(np.float32)
    return lambda chunk: np.repeat(counts[None], chunk.stop - chunk.start, axis=0)


def content_knn(X: Matrix, histories: Histories) -> Scorer:
    """Nearness to the nearest property that the investor is known to want: −min distance². X (n, w) standardised."""
    squares = (X * X).sum(axis=1)  # (n,)
    wanted = histories.take(histories.weights > 0)
    starts = np.append(0, np.cumsum(wanted.lengths))

    def score(chunk: slice) -> npt.NDArray[np.floating]:
        rows = range(*chunk.indices(histories.count))
        scores = np.full((len(rows), len(X)), -np.inf, dtype=np.float32)
        owned, place = np.unique(wanted.properties[starts[rows.start] : starts[rows.stop]], return_inverse=True)
        gaps = squares[owned][:, None] - 2 * X[owned] @ X.T + squares  # (distinct owned, n)
        for i, row in enumerate(rows):
            mine = place[starts[row] - starts[rows.start] : starts[row + 1] - starts[rows.start]]
            if len(mine):
                scores[i] = -gaps[mine].min(axis=0)
        return scores

    return score
