"""A choice as the conditional logit reads it: the terms of the chosen property beside those of others."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.ranking import TERMS

CANDIDATES = 192  # of a choice: the chosen one and others drawn at random, which leaves the estimate consistent
POOL = 2_000  # properties that the others are drawn from
ACTIVITY_AT_ONCE = 2_000_000  # cells of (choices, properties)
TOGETHER = TERMS.index("together")


@dataclass(frozen=True)
class Choices:
    """e choices among m candidates; the chosen one stands first."""

    terms: Matrix  # (e, m, terms)
    lengths: Numbers  # (e,) of the histories
    queries: Numbers  # (e,) whose choice it is, by position in the queries
    candidates: Numbers  # (e, m) rows of the catalogue

    @classmethod
    def joined(cls, parts: Sequence["Choices"]) -> Self:
        return cls(*(np.concatenate([getattr(p, name) for p in parts]) for name in cls.__dataclass_fields__))


def lay_out(rankings: Rankings, asked: Numbers, counts: Numbers | None, *, pool: Numbers, seed: int) -> Choices:
    """Of the queries asked (e,). `counts` (n,) investors per property where the choices were trained on."""
    rng, n = np.random.default_rng(seed), len(rankings.X)
    m = min(CANDIDATES, len(pool))
    candidates = np.zeros((len(asked), m), dtype=np.int64)
    laid_out, lengths = [], np.zeros(len(asked), dtype=np.int64)
    size = max(ACTIVITY_AT_ONCE // n, 1)
    for start in range(0, len(asked), size):
        part = asked[start : start + size]
        activity = rankings.activity_of(part)
        for i, query in enumerate(part.tolist(), start):
            candidates[i] = _draw(rankings, query, pool, rng)
            terms, past = rankings.terms(query, candidates[i], activity[i - start])
            if counts is not None:
                weights, target = np.maximum(past.weights, 0), int(candidates[i, 0])
                share = rankings.layer.neighbours.own_share(past.rows, weights, target, counts)
                terms[0, TOGETHER] = max(terms[0, TOGETHER] - share, 0.0)
            laid_out.append(terms)
            lengths[i] = len(past.weights)
    return Choices(np.stack(laid_out), lengths, asked, candidates)


def _draw(rankings: Rankings, query: int, pool: Numbers, rng: np.random.Generator) -> Numbers:
    """(m,) the target first, then properties of the pool that the investor has not; repeated where those are few."""
    queries, m = rankings.queries, min(CANDIDATES, len(pool))
    target = queries.targets[query]
    closed = np.append(queries.histories.properties[queries.histories.entries_of(query)], target)
    others = pool[~np.isin(pool, closed)]
    return np.append(target, rng.choice(others, m - 1, replace=len(others) < m - 1))
