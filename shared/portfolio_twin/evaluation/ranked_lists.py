"""The ranking layer asked about many investors at once, as of the time of each question."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.ranking import Past, RankingLayer


@dataclass(frozen=True)
class Rankings:
    """q investors over n properties of a catalogue."""

    layer: RankingLayer
    X: Matrix  # (n, w)
    rows: Numbers  # (n,) among the layer's properties, UNKNOWN for one that it does not have
    activity: Activity
    queries: Queries  # with the histories as serving pools them: the recent ones

    @cached_property
    def vectors(self) -> Matrix:
        """(n, d) by the layer's own tower."""
        return self.layer.encoder(self.X)

    @cached_property
    def investors(self) -> Matrix:
        """(q, d)"""
        return self.queries.histories.pool(self.vectors, self.layer.market_taste)

    def terms(self, i: int, candidates: Numbers, activity: Matrix) -> tuple[Matrix, Past]:
        """(m, terms) of investor i's candidates (m,), and the history they come from. activity (m, windows)."""
        histories, mine = self.queries.histories, self.queries.histories.entries_of(i)
        owned = histories.properties[mine]
        past = Past(self.X[owned], histories.weights[mine], self.rows[owned], int(self.queries.times[i]))
        cosines, rows = self.vectors[candidates] @ self.investors[i], self.rows[candidates]
        return self.layer.terms(cosines, self.X[candidates], rows, activity=activity, past=past), past

    def score(self, chunk: slice, *, discover: bool = False) -> Floats:
        """(chunk, n), a `Scorer`."""
        queries, everything = self.queries, np.arange(len(self.X))
        activity = self.activity.before(queries.times[chunk], queries.users[chunk], queries.targets[chunk])
        scores = np.empty((len(activity), len(self.X)), dtype=np.float32)
        for at, i in enumerate(range(*chunk.indices(len(self.queries.users)))):
            terms, past = self.terms(i, everything, activity[at])
            scores[at] = self.layer.score(terms, past.length, discover=discover)
        return scores
