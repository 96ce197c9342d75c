"""How good a ranking is where the probability of every answer is known: no target has to be drawn."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer
from portfolio_twin.model.histories import Histories, scatter
from tests.benchmarks.quality.ranks import CUT

Values = npt.NDArray[np.floating[Any]]

DISCOUNTS = 1.0 / np.log2(np.arange(2, CUT + 2))


def at(queries: Queries, dataset: Dataset, times: Numbers) -> Queries:
    """The same investors, asked at `times` (q,) with what they had done until then."""
    return replace(queries, times=times, histories=Histories.of(dataset, queries.users, before=times))


def scores_of(answer: Answer, queries: Queries) -> Values:
    """(q, n)"""
    return np.asarray(answer(queries)(slice(0, len(queries.users))))


def owned(queries: Queries, n: int) -> Mask:
    """(q, n) what is in the histories, and therefore no candidate."""
    return scatter((len(queries.users), n), queries.histories.owners, queries.histories.properties)


def share_of_best(scores: Values, chances: Values, candidates: Mask) -> float:
    """Expected DCG@10 of one ranking over that of the best one, from the chance of each property (n,)."""
    order = np.argsort(-np.where(candidates, scores, -np.inf), kind="stable")[:CUT]
    open_ = np.where(candidates, chances, 0.0)
    best = np.sort(open_)[::-1][:CUT]
    top = DISCOUNTS[: len(order)]
    return float(open_[order] @ top) / max(float(best @ top), 1e-300)
