"""How a twin answers the questions of a test: scores to rank by, affinity and confidence of the pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

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
        return self._features.X

    @cached_property
    def vectors(self) -> Matrix:
        """(n, d)"""
        return self.twin.encoder(self.X)

    @cached_property
    def familiarity(self) -> Floats:
        """(n,)"""
        return self.twin.extent.familiarity(self._features)

    @cached_property
    def _features(self) -> Features:
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
            layer=self.twin.ranking, X=self.X, rows=self._rows, activity=self._activity, queries=present
        )  # fmt: skip
        return lambda chunk: rankings.score(chunk, discover=discover)

    def classified(self, queries: Queries) -> Scored:
        """Affinity and confidence of each pair. Each (p,)"""
        cosines = pair_cosines(self.twin, self.vectors, queries)
        evidence = self.twin.present(queries.histories, self.vectors).evidence[queries.pair_owners]
        return self.twin.score_cosines(cosines, evidence, self.familiarity[queries.pair_properties])

    @cached_property
    def _rows(self) -> Numbers:
        return self.twin.rows_of(self.dataset.catalogue.ids)

    @cached_property
    def _activity(self) -> Activity:
        return Activity.of(self.dataset)


def investors(twin: Twin, vectors: Matrix, queries: Queries) -> Matrix:
    """(q, d) by the user tower, from what each did. vectors (n, d)."""
    return twin.present(queries.histories, vectors).pool(vectors, twin.market_taste)


def pair_cosines(twin: Twin, vectors: Matrix, queries: Queries) -> Matrix:
    """(p,) of each classification pair. vectors (n, d)."""
    users = investors(twin, vectors, queries)[queries.pair_owners]
    return np.asarray(np.einsum("pd,pd->p", users, vectors[queries.pair_properties]))


def rank_targets(scorer: Scorer, queries: Queries, n: int, among: Candidates | None = None) -> Numbers:
    """(q,) the rank, from 0, of each target among the n properties less the investor's history; ties the middle one.

    With `among` only those are candidates, and the target.
    """
    ranks = np.zeros(len(queries.users), dtype=np.int64)
    size = max(SCORES_AT_ONCE // max(n, 1), 1)
    history = queries.histories
    for start in range(0, len(ranks), size):
        chunk = slice(start, min(start + size, len(ranks)))
        scores = np.nan_to_num(scorer(chunk), nan=-np.inf, neginf=-np.inf)
        mine = (history.owners >= chunk.start) & (history.owners < chunk.stop)
        open_ = ~scatter(scores.shape, history.owners[mine] - chunk.start, history.properties[mine])
        if among is not None:
            open_ &= among(chunk)
        targets = queries.targets[chunk, None]
        np.put_along_axis(open_, targets, values=True, axis=1)
        own = np.take_along_axis(scores, targets, axis=1)
        above = ((scores > own) & open_).sum(axis=1)
        level = ((scores == own) & open_).sum(axis=1) - 1
        ranks[chunk] = above + (level + 1) // 2
    return ranks
