"""After how many interactions under another taste the ranking follows it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from infra.simulator import Simulation, Truth, change_of_taste
from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer
from tests.benchmarks.quality.studies.expected_gain import at, owned, scores_of, share_of_best

STEPS = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20)  # interactions under the new taste
SHARE_OF_SETTLED = 0.8  # of what the same model reaches under a taste that it has long known
INVESTORS = 60  # drawn per simulation

PerInvestor = npt.NDArray[np.float64]


def follow(answer: Answer, simulation: Simulation, asked: Queries, seed: int) -> PerInvestor:
    """(u, 1 + steps) the share of the best expected gain: under the old taste, then after each of STEPS."""
    asked = _some(asked, seed)
    draws = np.random.SeedSequence(seed).generate_state(len(asked.users))  # each investor a new taste of their own
    changed = [
        change_of_taste(simulation, int(user), max(STEPS), int(draw))
        for user, draw in zip(asked.users, draws, strict=True)
    ]
    ends = np.full(len(asked.users), simulation.market.ends, dtype=np.int64)
    dataset, truths = Dataset(simulation.catalogue, simulation.log), [simulation.truth] * len(asked.users)
    shares = [_shares(answer, at(asked, dataset, ends), truths, ends - 1)]
    for step in STEPS:
        done = [new.log.take(np.arange(min(step, len(new.log)))) for new in changed]
        then = dataset.with_log(InteractionLog.joined([simulation.log, *done])).in_time_order()
        times = np.array([part.times.max(initial=simulation.market.ends) + 1 for part in done], dtype=np.int64)
        shares.append(_shares(answer, at(asked, then, times), [new.truth for new in changed], times))
    return np.stack(shares, axis=1)


def follows_within(parts: Sequence[PerInvestor]) -> dict[str, Any]:
    """The mean curve, and the first step at which it has come near enough to the settled level; None if never."""
    settled, *curve = np.concatenate(parts).mean(axis=0).tolist()
    near = [step for step, share in zip(STEPS, curve, strict=True) if share >= SHARE_OF_SETTLED * settled]
    return {
        "settled": settled,
        **{f"after {step}": share for step, share in zip(STEPS, curve, strict=True)},
        "follows_within": near[0] if near else None,
    }


def _shares(answer: Answer, queries: Queries, truths: Sequence[Truth], times: Numbers) -> PerInvestor:
    """(u,) of the best expected gain among what is on the market and not in the history."""
    scores = scores_of(answer, queries)
    mine = owned(queries, scores.shape[1])
    shares = []
    for row, (truth, user, time) in enumerate(zip(truths, queries.users.tolist(), times.tolist(), strict=True)):
        candidates = truth.on_market(time) & ~mine[row]
        shares.append(share_of_best(scores[row], truth.choice_probability(user, time), candidates))
    return np.array(shares)


def _some(asked: Queries, seed: int) -> Queries:
    """At most INVESTORS of them, in order."""
    q = len(asked.users)
    rows = np.sort(np.random.default_rng(seed).permutation(q)[:INVESTORS])
    return Queries.without_pairs(asked.users[rows], asked.targets[rows], asked.times[rows], asked.histories)
