"""Choices as the conditional logit reads them: the terms of the chosen property beside those of others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from functions.train.ranking.towers import Tower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import HISTORY_LIMIT
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.ranking import TERMS, RankingLayer

CANDIDATES = 192  # of a choice: the chosen one and others drawn at random, which leaves the estimate consistent
POOL = 2_000  # properties that the others are drawn from
TOGETHER = TERMS.index("together")


@dataclass(frozen=True)
class Choices:
    """e choices among m candidates; the chosen one stands first."""

    terms: Matrix  # (e, m, terms)
    lengths: Numbers  # (e,) of the histories
    queries: Numbers  # (e,) whose choice it is, by position in the queries
    candidates: Numbers  # (e, m) rows of the features it was laid out with

    @classmethod
    def joined(cls, parts: Sequence["Choices"]) -> Self:
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__dataclass_fields__))


@dataclass(frozen=True)
class RankingData:
    """What the layer learns from: nothing in it changes from one set of weights to another.

    All is numbered by position among the r properties that some choice can meet: a large catalogue costs no more.
    """

    rows: Numbers  # (r,) of the catalogue, ascending
    X: Matrix  # (r, w)
    activity: Activity
    queries: Queries  # the past choices
    validation: Queries
    counts: Numbers  # (n,) investors per property of the whole catalogue
    towers: Sequence[Tower]
    pool: Numbers  # those that the candidates are drawn from
    seed: int

    @classmethod
    def of(
        cls, data: TrainingData, queries: Queries, validation: Queries, *, counts: Numbers, towers: Sequence[Tower],
        seed: int,
    ) -> Self:  # fmt: skip
        """The queries are numbered by rows of the catalogue."""
        pool = np.random.default_rng(seed).permutation(len(data.X))[:POOL]
        rows = np.unique(np.concatenate([pool, queries.mentioned, validation.mentioned]))
        return cls(
            rows=rows, X=data.X[rows], activity=Activity.of(data.dataset.among(rows)), queries=queries.among(rows),
            validation=validation.among(rows), counts=counts, towers=towers,
            pool=np.flatnonzero(np.isin(rows, pool)), seed=seed,
        )  # fmt: skip

    def choices(self, layer: RankingLayer, *, blank: bool = False) -> Choices:
        """All past choices, each by the tower that was not trained on its investor; `blank` hides their histories."""
        parts = []
        for tower in self.towers:
            seen = replace(layer, encoder=tower.encoder, market_taste=tower.market_taste)
            asked = np.flatnonzero(np.isin(self.queries.users, tower.unseen))
            if len(asked):
                rankings = self._rankings(seen, self.queries, 0 if blank else HISTORY_LIMIT)
                parts.append(lay_out(rankings, asked, self.counts, pool=self.pool, seed=self.seed))
        return Choices.joined(parts)

    def held_out(self, layer: RankingLayer) -> Choices:
        """The choices of the validation targets, of investors with a history."""
        rankings = self._rankings(layer, self.validation, HISTORY_LIMIT)
        asked = np.flatnonzero(rankings.queries.histories.lengths > 0)
        return lay_out(rankings, asked, None, pool=self.pool, seed=self.seed)

    def _rankings(self, layer: RankingLayer, queries: Queries, limit: int) -> Rankings:
        shortened = queries.shortened(limit)
        return Rankings(layer=layer, X=self.X, rows=self.rows, activity=self.activity, queries=shortened)


def lay_out(rankings: Rankings, asked: Numbers, counts: Numbers | None, *, pool: Numbers, seed: int) -> Choices:
    """Of the queries asked (e,). `counts` (n,) investors per row of the catalogue where the choices were trained on."""
    rng, queries = np.random.default_rng(seed), rankings.queries
    candidates = np.stack([_draw(rankings, query, pool, rng) for query in asked.tolist()])
    activity = rankings.activity.of_candidates(queries.times[asked], queries.users[asked], candidates)
    laid_out, lengths = [], np.zeros(len(asked), dtype=np.int64)
    for i, query in enumerate(asked.tolist()):
        terms, past = rankings.terms(query, candidates[i], activity[i])
        if counts is not None:
            weights, target = np.maximum(past.weights, 0), int(rankings.rows[candidates[i, 0]])
            share = rankings.layer.neighbours.own_share(past.rows, weights, target, counts)
            terms[0, TOGETHER] = max(terms[0, TOGETHER] - share, 0.0)
        laid_out.append(terms)
        lengths[i] = past.length
    return Choices(np.stack(laid_out), lengths, asked, candidates)


def _draw(rankings: Rankings, query: int, pool: Numbers, rng: np.random.Generator) -> Numbers:
    """(m,) the target first, then properties of the pool that the investor has not; repeated where those are few."""
    queries, m = rankings.queries, min(CANDIDATES, len(pool))
    target = queries.targets[query]
    closed = np.append(queries.histories.properties[queries.histories.entries_of(query)], target)
    others = pool[~np.isin(pool, closed)]
    return np.append(target, rng.choice(others, m - 1, replace=len(others) < m - 1))
