"""Whether a dislike moves the ranking the right way: what is like the disliked property falls."""

import numpy as np
import numpy.typing as npt

from infra.simulator import Simulation
from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer
from tests.benchmarks.quality.rivals.training_matrix import Known
from tests.benchmarks.quality.studies.expected_gain import Values, at, owned, scores_of, share_of_best

MISMATCH = 0.1  # of the true match: below, an investor would mean the dislike
ALIKE = 10  # properties most like the disliked one

PerInvestor = npt.NDArray[np.float64]


def right_way(answer: Answer, simulation: Simulation, asked: Queries) -> PerInvestor:
    """(3, u): whether what is like the disliked one fell; the share of the best expected gain before and after."""
    ids, ends = simulation.catalogue.ids, simulation.market.ends
    times = np.full(len(asked.users), ends, dtype=np.int64)
    dataset = Dataset(simulation.catalogue, simulation.log)
    before = at(asked, dataset, times)
    open_ = simulation.truth.on_market(ends - 1) & ~owned(before, len(ids))
    match = np.stack([simulation.truth.match(int(user), ends - 1) for user in asked.users])
    old = scores_of(answer, before)
    mismatching = open_ & (match < MISMATCH)
    rows = np.flatnonzero(mismatching.sum(axis=1) > ALIKE)
    disliked = np.argmax(np.where(mismatching, old, -np.inf), axis=1)
    thumbs = InteractionLog(
        asked.users, ids[disliked], np.full(len(ids[disliked]), KIND_CODE["dislike"], dtype=np.int8), times - 1
    )
    after = dataset.with_log(InteractionLog.joined([simulation.log, thumbs])).in_time_order()
    new = scores_of(answer, at(asked, after, times))
    open_[np.arange(len(open_)), disliked] = False
    mismatching &= open_
    X = Known(dataset, dataset).features(1.0)
    outcomes = []
    for row in rows:
        chances = simulation.truth.choice_probability(int(asked.users[row]), ends - 1)
        alike = _nearest(X, disliked[row], mismatching[row])
        fell = _ranks(new[row], alike, open_[row]).mean() > _ranks(old[row], alike, open_[row]).mean()
        gains = [share_of_best(scores[row], chances, open_[row]) for scores in (old, new)]
        outcomes.append((float(fell), *gains))
    return np.array(outcomes, dtype=np.float64).reshape(-1, 3).T


def _nearest(X: Values, to: int, among: Mask) -> Numbers:
    gaps = np.where(among, ((X - X[to]) ** 2).sum(axis=1), np.inf)
    return np.argsort(gaps, kind="stable")[:ALIKE]


def _ranks(scores: Values, of: Numbers, candidates: Mask) -> Numbers:
    """(k,) how many candidates stand above each."""
    return np.asarray((scores[candidates][None] > scores[of][:, None]).sum(axis=1))
