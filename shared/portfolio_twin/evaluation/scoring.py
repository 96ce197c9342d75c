"""How a twin answers the questions of a test: one score, to rank by and to judge the pairs by."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Floats, Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.features import Features
from portfolio_twin.model.histories import scatter
from portfolio_twin.model.twin import Scored, Twin

SCORES_AT_ONCE = 4_000_000  # per chunk of queries, 16 MB

Scorer = Callable[[slice], Floats]  # a chunk of the queries → (chunk, n) scores
Answer = Callable[[Queries], Scorer]  # a model: what it is asked → its scores
Candidates = Callable[[slice], Mask]  # a chunk of the queries → (chunk, n) or (n,) what may be ranked for them


@dataclass(frozen=True)
class TwinAnswers:
    """A twin before one catalogue of n properties: features and vectors are computed once, whatever is asked."""

    twin: Twin
    dataset: Dataset  # all of it: what a question may use of the log is cut by its time

    @cached_property
    def X(self) -> Matrix:  # noqa: N802  # the field's name for features
        """(n, w)"""
        return self.features.X

    @cached_property
    def vectors(self) -> Matrix:
        """(n, d)"""
        return self.twin.encoder(self.X)

    @cached_property
    def familiarity(self) -> Floats:
        """(n,)"""
        return self.twin.familiarity(self.features)

    @cached_property
    def features(self) -> Features:
        return self.twin.schema.read(self.dataset.catalogue)

    def by_cosine(self, queries: Queries) -> Scorer:
        """The tower alone: (chunk, n) cosines."""
        users = investors(self.twin, self.vectors, queries)
        return lambda chunk: users[chunk] @ self.vectors.T

    def ranked(self, queries: Queries, *, discover: bool = False) -> Scorer:
        """As the product ranks, with the activity strictly before each query; by cosine without a ranking layer."""
        if self.twin.ranking is None:
            return self.by_cosine(queries)
        present = queries.with_histories(self.twin.present(queries.histories, self.vectors))
        rankings = Rankings(
            layer=self.twin.ranking, X=self.X, rows=self.rows, activity=self._activity, queries=present
        )  # fmt: skip
        return lambda chunk: rankings.score(chunk, discover=discover)

    def judged(self, queries: Queries, *, layered: bool = True, offered: Mask | None = None) -> "JudgedPairs":
        """As it ranks, and what it says of the pairs; by the tower alone where not `layered`.

        They are measured against what is `offered` (n,), all by default.
        """
        by_layer = layered and self.twin.ranking is not None
        scorer = self.ranked(queries) if by_layer else self._by_slope(queries)
        return JudgedPairs(scorer, queries, np.ones(len(self.X), dtype=bool) if offered is None else offered)

    def _by_slope(self, queries: Queries) -> Scorer:
        cosines = self.by_cosine(queries)
        return lambda chunk: self.twin.slope * cosines(chunk)

    def classified(self, queries: Queries, *, layered: bool = True) -> Scored:
        """Affinity and confidence of each pair. Each (p,)"""
        return self.scored(self.judged(queries, layered=layered).all())

    def scored(self, judged: "JudgedPairs") -> Scored:
        """The answers about the pairs, once all chunks were asked for. Each (p,)"""
        queries = judged.queries
        evidence = self.evidence(queries)
        return self.twin.judge(judged.log_odds, evidence, self.familiarity[queries.pair_properties])

    def evidence(self, queries: Queries) -> Matrix:
        """(p,) of the investor of each pair."""
        return self.twin.present(queries.histories, self.vectors).evidence[queries.pair_owners]

    @cached_property
    def rows(self) -> Numbers:
        """(n,) of each property the row in the bundle."""
        return self.twin.rows_of(self.dataset.catalogue.ids)

    @cached_property
    def _activity(self) -> Activity:
        return Activity.of(self.dataset)


def in_use(dataset: Dataset, queries: Queries) -> Mask:
    """(p,) whether anybody else had dealt with the property of the pair in the months before it was asked about."""
    owners = queries.pair_owners
    return Activity.of(dataset).in_use(queries.pair_properties, queries.times[owners], queries.users[owners])


def investors(twin: Twin, vectors: Matrix, queries: Queries) -> Matrix:
    """(q, d) by the user tower, from what each did. vectors (n, d)."""
    return twin.present(queries.histories, vectors).pool(vectors, twin.market_taste)


@dataclass(frozen=True)
class JudgedPairs:
    """A scorer that notes, as it goes through the queries, the log-odds of their pairs: score less log mean exp score.

    The mean goes over the properties on offer less the investor's history: see `Normaliser`.
    """

    scorer: Scorer
    queries: Queries
    offered: Mask  # (n,)

    @cached_property
    def log_odds(self) -> Floats:
        """(p,) NaN where the query was not asked yet."""
        return np.full(len(self.queries.pair_owners), np.nan)

    def all(self) -> Self:
        """The same, with every query asked."""
        for chunk in chunks(len(self.queries.users), len(self.offered)):
            self(chunk)
        return self

    def __call__(self, chunk: slice) -> Floats:
        """(chunk, n), a `Scorer`."""
        scores, queries = self.scorer(chunk), self.queries
        closed = closed_to(queries, chunk, scores.shape) | ~self.offered
        top = scores.max(axis=1, keepdims=True)
        exp = np.where(closed, 0.0, np.exp(scores - top))
        means = exp.sum(axis=1) / np.maximum((~closed).sum(axis=1), 1)
        log_mean = top[:, 0] + np.log(np.maximum(means, np.finfo(np.float32).tiny))
        pairs = np.flatnonzero((queries.pair_owners >= chunk.start) & (queries.pair_owners < chunk.stop))
        rows = queries.pair_owners[pairs] - chunk.start
        self.log_odds[pairs] = scores[rows, queries.pair_properties[pairs]] - log_mean[rows]
        return scores


def chunks(queries: int, n: int) -> Iterator[slice]:
    """Of so many queries over n properties, so many at a time as memory has room for."""
    size = max(SCORES_AT_ONCE // max(n, 1), 1)
    return (slice(start, min(start + size, queries)) for start in range(0, queries, size))


def closed_to(queries: Queries, chunk: slice, shape: tuple[int, int]) -> Mask:
    """(chunk, n) the history of each: no candidates."""
    history = queries.histories
    mine = (history.owners >= chunk.start) & (history.owners < chunk.stop)
    return scatter(shape, history.owners[mine] - chunk.start, history.properties[mine])


def rank_targets(scorer: Scorer, queries: Queries, n: int, among: Candidates | None = None) -> Numbers:
    """(q,) the rank, from 0, of each target among the n properties less the investor's history; ties the middle one.

    With `among` only those are candidates, and the target.
    """
    ranks = np.zeros(len(queries.users), dtype=np.int64)
    for chunk in chunks(len(ranks), n):
        scores = scorer(chunk)
        scores = np.where(np.isnan(scores), -np.inf, scores)
        open_ = ~closed_to(queries, chunk, scores.shape)
        if among is not None:
            open_ &= among(chunk)
        targets = queries.targets[chunk, None]
        np.put_along_axis(open_, targets, values=True, axis=1)
        own = np.take_along_axis(scores, targets, axis=1)
        above = ((scores > own) & open_).sum(axis=1)
        level = ((scores == own) & open_).sum(axis=1) - 1
        ranks[chunk] = above + (level + 1) // 2
    return ranks
