"""Whether the model that goes live, which learnt the test targets too, still answers like the one that was tested."""

from typing import NamedTuple

import numpy as np

from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Scorer, TwinAnswers, chunks, closed_to

FIRST = 10  # of each list
ASKED = 300  # old questions, drawn by seed


class Agreement(NamedTuple):
    """Of two models on the same old questions; NaN where there are none."""

    overlap: float  # mean share of the first ten that both lists have
    moved: float  # mean |difference| between their affinities of the same pairs


def agreement(one: TwinAnswers, other: TwinAnswers, questions: Queries) -> Agreement:
    """Both before the same catalogue."""
    asked = questions.sample(ASKED)
    if len(asked.users) == 0:
        return Agreement(float("nan"), float("nan"))
    n = len(one.dataset.catalogue)
    judged = [each.judged(asked) for each in (one, other)]
    lists = [first_of(each, asked, n) for each in judged]  # every query is asked here, which the affinities need
    shared = [len(np.intersect1d(a, b)) / len(a) for a, b in zip(*lists, strict=True)]
    affinities = [model.scored(each).affinity for model, each in zip((one, other), judged, strict=True)]
    return Agreement(float(np.mean(shared)), float(np.abs(affinities[0] - affinities[1]).mean()))


def first_of(scorer: Scorer, queries: Queries, n: int) -> Numbers:
    """(q, FIRST) the rows of each list's first, in no order; fewer columns in a catalogue of fewer properties."""
    lists = []
    for chunk in chunks(len(queries.users), n):
        scores = scorer(chunk)
        scores = np.where(closed_to(queries, chunk, scores.shape), -np.inf, scores)
        lists.append(np.argpartition(-scores, min(FIRST, n) - 1, axis=1)[:, : min(FIRST, n)])
    return np.concatenate(lists)
