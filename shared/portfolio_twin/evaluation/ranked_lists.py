"""The ranking layer asked about many investors at once, as of the time of each question."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import Past, RankingLayer


@dataclass(frozen=True)
class Rankings:
    """q investors over n properties of a catalogue."""

    layer: RankingLayer
    X: Matrix  # (n, w)
    vectors: Matrix  # (n, d)
    investors: Matrix  # (q, d)
    histories: Histories  # as serving pools them: the recent ones
    numbers: Numbers  # (n,) of the layer's properties, −1 for one that it does not know
    activity: Activity
    users: Numbers  # (q,)
    targets: Numbers  # (q,)
    times: Numbers  # (q,)

    def terms(self, row: int, candidates: Numbers, activity: Matrix) -> tuple[Matrix, Past]:
        """(m, terms) of one investor's candidates, and the history they come from. activity (n, windows)."""
        mine = slice(*np.searchsorted(self.histories.rows, [row, row + 1]))
        owned = self.histories.properties[mine]
        past = Past(self.X[owned], self.histories.weights[mine], self.numbers[owned])
        cosines = self.vectors[candidates] @ self.investors[row]
        found = self.layer.terms(cosines, self.X[candidates], self.numbers[candidates], activity[candidates], past)
        return found, past

    def activity_of(self, chunk: slice) -> Matrix:
        """(chunk, n, windows)"""
        return self.activity.before(self.times[chunk], self.users[chunk], self.targets[chunk])

    def score(self, chunk: slice, *, discover: bool = False) -> npt.NDArray[np.floating[Any]]:
        """(chunk, n), a `Scorer`."""
        activity, everything = self.activity_of(chunk), np.arange(len(self.X))
        scores = np.empty((len(activity), len(self.X)), dtype=np.float32)
        for i, row in enumerate(range(*chunk.indices(len(self.users)))):
            terms, past = self.terms(row, everything, activity[i])
            scores[i] = self.layer.score(terms, len(past.weights), discover=discover)
        return scores
