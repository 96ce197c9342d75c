"""The rivals that a twin has to beat: what is popular, and what is nearest to the investor's properties."""

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers
from portfolio_twin.evaluation.scoring import Scorer
from portfolio_twin.model.histories import Histories


def popularity(properties: Numbers, n: int) -> Scorer:
    """The same list for everyone: interactions per property in what may be trained on. properties (m,) rows."""
    counts = np.bincount(properties, minlength=n).astype(np.float32)
    return lambda chunk: np.repeat(counts[None], chunk.stop - chunk.start, axis=0)


def content_knn(X: Matrix, histories: Histories) -> Scorer:
    """Nearness to the nearest property that the investor wanted: −min distance². X (n, w) standardised."""
    squares = (X * X).sum(axis=1)  # (n,)
    wanted = histories.take(histories.weights > 0)
    starts = np.append(0, np.cumsum(wanted.lengths))

    def score(chunk: slice) -> Floats:
        rows = range(*chunk.indices(histories.count))
        scores = np.full((len(rows), len(X)), -np.inf, dtype=np.float32)
        for i, row in enumerate(rows):  # one at a time: all at once would hold (properties owned × n) distances
            mine = wanted.properties[starts[row] : starts[row + 1]]
            if len(mine):
                gaps = squares[mine][:, None] - 2 * X[mine] @ X.T + squares  # (owned, n)
                scores[i] = -gaps.min(axis=0)
        return scores

    return score
