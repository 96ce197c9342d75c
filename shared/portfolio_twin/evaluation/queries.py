"""What a twin is tested on, and how it answers: scores for the ranking, affinity and confidence for pairs."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask, Matrix, Numbers
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import Holdout
from portfolio_twin.evaluation.baselines import Scorer
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.histories import Histories, histories_before, scatter
from portfolio_twin.model.twin import Scored, Twin

SCORES_AT_ONCE = 4_000_000  # per chunk of queries, 16 MB
SEED = 0

Candidates = Callable[[slice], Mask]  # a chunk of the queries → (chunk, n) or (n,) what may be ranked for them


@dataclass(frozen=True)
class Queries:
    """The questions of one split: what to rank for whom, and what is known of them at that time."""

    users: Numbers  # (q,)
    targets: Numbers  # (q,) property numbers
    times: Numbers  # (q,) seconds, of the target
    histories: Histories
    pair_rows: Numbers  # (p,) the query that each classification pair belongs to
    pair_properties: Numbers  # (p,)
    labels: npt.NDArray[np.int8]  # (p,)

    @classmethod
    def of(cls, log: InteractionLog, holdout: Holdout, property_ids: npt.NDArray[np.object_], split: int) -> Self:
        """Targets that the catalogue has; one per investor, in the order of their ids."""
        pairs = holdout.of(split)
        numbers = property_numbers(property_ids, pairs.properties)
        asked = np.flatnonzero((pairs.labels == 1) & (numbers != UNKNOWN))
        asked = asked[np.argsort(pairs.users[asked])]
        users, targets, times = pairs.users[asked], numbers[asked], pairs.times[asked]
        rows = np.minimum(np.searchsorted(users, pairs.users), max(len(users) - 1, 0))
        kept = numbers != UNKNOWN
        kept &= users[rows] == pairs.users if len(users) else False
        histories = histories_before(log, property_ids, users, times, targets)
        return cls(users, targets, times, histories, rows[kept], numbers[kept], pairs.labels[kept])

    def shortened(self, limit: int) -> Self:
        """The same questions with only the latest so many properties of each history known."""
        return replace(self, histories=self.histories.recent(limit))

    def take(self, kept: Mask) -> Self:
        """The questions of some of the investors, kept (q,)."""
        place, told, pairs = np.cumsum(kept) - 1, kept[self.histories.rows], kept[self.pair_rows]
        histories = self.histories.take(told)
        return type(self)(
            self.users[kept], self.targets[kept], self.times[kept],
            replace(histories, rows=place[histories.rows], count=int(kept.sum())),
            place[self.pair_rows[pairs]], self.pair_properties[pairs], self.labels[pairs],
        )  # fmt: skip

    def sample(self, limit: int) -> Self:
        """At most so many of them, drawn by seed."""
        order = np.random.default_rng(SEED).permutation(len(self.users))
        return self.take(order < limit)


def investors(twin: Twin, vectors: Matrix, histories: Histories) -> Matrix:
    """(q, d) by the user tower, from what each did."""
    return twin.present(histories, vectors).pool(vectors, twin.global_vector)


def twin_scorer(twin: Twin, vectors: Matrix, queries: Queries) -> Scorer:
    """The first step alone: by cosine. vectors (n, d)."""
    users = investors(twin, vectors, queries.histories)
    return lambda chunk: users[chunk] @ vectors.T  # (chunk, n) cosines


def whole_scorer(
    twin: Twin, catalogue: Catalogue, queries: Queries, activity: Activity, *, discover: bool = False
) -> Scorer:
    """Both steps, each query with the activity strictly before it; by cosine where the twin has no second step."""
    if twin.ranking is None:
        return twin_scorer(twin, twin.embed(catalogue), queries)
    X = twin.schema.vectorise(catalogue)
    present = twin.present(queries.histories, twin.encoder(X))
    vectors = twin.ranking.encoder(X)
    users = present.pool(vectors, twin.ranking.market)
    numbers = property_numbers(twin.property_ids, catalogue.ids)
    rankings = Rankings(
        twin.ranking, X, vectors, users, present, numbers, activity, queries.users, queries.targets, queries.times
    )
    return lambda chunk: rankings.score(chunk, discover=discover)


def classify(twin: Twin, catalogue: Catalogue, queries: Queries) -> Scored:
    """Affinity and confidence of each pair. Each (p,)"""
    X = twin.schema.vectorise(catalogue)
    vectors, at = twin.encoder(X), queries.pair_properties
    users = investors(twin, vectors, queries.histories)
    cosines = np.einsum("pd,pd->p", users[queries.pair_rows], vectors[at])
    evidence = twin.present(queries.histories, vectors).evidence[queries.pair_rows]
    return twin.score_cosines(cosines, evidence, twin.novelty(X[at]))


def rank_targets(scorer: Scorer, queries: Queries, n: int, among: Candidates | None = None) -> Numbers:
    """(q,) the place of each target among the n properties less the investor's history; ties get the middle place.

    With `among` only those are candidates, and the target.
    """
    ranks = np.zeros(len(queries.users), dtype=np.int64)
    size = max(SCORES_AT_ONCE // max(n, 1), 1)
    history = queries.histories
    for start in range(0, len(ranks), size):
        chunk = slice(start, min(start + size, len(ranks)))
        scores = np.nan_to_num(scorer(chunk), nan=-np.inf, neginf=-np.inf)
        mine = (history.rows >= chunk.start) & (history.rows < chunk.stop)
        open_ = ~scatter(scores.shape, history.rows[mine] - chunk.start, history.properties[mine])
        if among is not None:
            open_ &= among(chunk)
        targets = queries.targets[chunk, None]
        np.put_along_axis(open_, targets, values=True, axis=1)
        own = np.take_along_axis(scores, targets, axis=1)
        above = ((scores > own) & open_).sum(axis=1)
        level = ((scores == own) & open_).sum(axis=1) - 1
        ranks[chunk] = above + (level + 1) // 2
    return ranks
