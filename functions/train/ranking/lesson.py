"""What the ranking layer learns from, laid out: past choices as seen by towers that do not know their investor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from functions.train.ranking.choices import POOL, Choices, lay_out
from functions.train.ranking.towers import Tower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import HISTORY_LIMIT
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.ranking import RankingLayer


@dataclass(frozen=True)
class Lesson:
    """Everything about one training that does not change from one set of weights to another."""

    X: Matrix  # (n, w)
    activity: Activity
    queries: Queries  # the past choices
    counts: Numbers  # (n,) investors per property
    towers: Sequence[Tower]
    pool: Numbers  # rows that the candidates are drawn from
    seed: int

    @classmethod
    def of(cls, data: TrainingData, queries: Queries, *, counts: Numbers, towers: Sequence[Tower], seed: int) -> Self:
        pool = np.sort(np.random.default_rng(seed).permutation(len(data.X))[:POOL])
        activity = Activity.of(data.dataset)
        return cls(
            X=data.X, activity=activity, queries=queries, counts=counts, towers=towers, pool=pool, seed=seed
        )  # fmt: skip

    def choices(self, layer: RankingLayer, *, blank: bool = False) -> Choices:
        """All past choices, each by the tower that does not know its investor; `blank` hides their histories."""
        parts = []
        for tower in self.towers:
            seen = replace(layer, encoder=tower.encoder, market_taste=tower.market_taste)
            asked = np.flatnonzero(np.isin(self.queries.users, tower.unseen))
            if len(asked):
                rankings = self._rankings(seen, self.queries, 0 if blank else HISTORY_LIMIT)
                parts.append(lay_out(rankings, asked, self.counts, pool=self.pool, seed=self.seed))
        return Choices.joined(parts)

    def held_out(self, layer: RankingLayer, validation: Queries) -> Choices:
        """The choices of the validation targets, of investors with a history."""
        rankings = self._rankings(layer, validation, HISTORY_LIMIT)
        asked = np.flatnonzero(rankings.queries.histories.lengths > 0)
        return lay_out(rankings, asked, None, pool=self.pool, seed=self.seed)

    def _rankings(self, layer: RankingLayer, queries: Queries, limit: int) -> Rankings:
        rows, shortened = np.arange(len(self.X)), queries.shortened(limit)
        return Rankings(layer=layer, X=self.X, rows=rows, activity=self.activity, queries=shortened)
