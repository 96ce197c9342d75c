"""What the ranking layer learns from: choices that investors made, seen with a tower that does not know them."""

from dataclasses import dataclass

import numpy as np

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import HISTORY_LIMIT, KIND_CODE, POSITIVE_KINDS, Evidence
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.ranked_lists import Rankings
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import TERMS

CHOICES_PER_INVESTOR = 5  # the last ones: one investor must not speak for all
CHOICES_LIMIT = 4_000
CANDIDATES = 192  # of a choice: the chosen one and others drawn at random, which leaves the estimate consistent
POOL = 2_000  # properties that the others are drawn from
ACTIVITY_AT_ONCE = 2_000_000  # cells of (choices, properties)
TOGETHER = TERMS.index("together")


@dataclass(frozen=True)
class Choices:
    """e choices among m candidates; the chosen one stands first."""

    terms: Matrix  # (e, m, terms)
    lengths: Numbers  # (e,) of the histories
    rows: Numbers  # (e,) of the queries
    candidates: Numbers  # (e, m) property numbers


def past_choices(evidence: Evidence, seed: int) -> Queries:
    """Each of the last few wanted properties of an investor, with all their other dealings as history."""
    wanted = np.isin(evidence.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS])
    users, begin, counts = np.unique(evidence.users, return_index=True, return_counts=True)
    owner = np.repeat(np.arange(len(users)), counts)
    rows = np.flatnonzero(wanted & (counts[owner] > 1))[::-1]
    nth = _place_in_group(owner[rows])
    rows = np.sort(rows[nth < CHOICES_PER_INVESTOR])
    if len(rows) > CHOICES_LIMIT:
        rows = np.sort(np.random.default_rng(seed).choice(rows, CHOICES_LIMIT, replace=False))
    others = [_others(begin[owner[row]], counts[owner[row]], row) for row in rows]
    history = np.concatenate(others) if others else rows
    whose = np.repeat(np.arange(len(rows)), [len(each) for each in others])
    histories = Histories(
        whose, evidence.properties[history], evidence.weights[history], evidence.times[history], len(rows)
    )
    none = np.zeros(0, dtype=np.int64)
    return Queries(
        evidence.users[rows], evidence.properties[rows], evidence.times[rows], histories, none, none,
        none.astype(np.int8),
    )  # fmt: skip


def _place_in_group(groups: Numbers) -> Numbers:
    """(k,) how many of the same group come before, where equal ones stand together."""
    changes = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else groups
    sizes = np.diff(np.append(changes, len(groups)))
    place: Numbers = np.arange(len(groups)) - np.repeat(changes, sizes)
    return place


def _others(begin: int, count: int, row: int) -> Numbers:
    """Rows of the investor's other dealings, the last HISTORY_LIMIT of them."""
    mine = np.arange(begin, begin + count)
    others: Numbers = mine[mine != row][-HISTORY_LIMIT:]
    return others


def lay_out(rankings: Rankings, rows: Numbers, counts: Numbers | None, pool: Numbers, seed: int) -> Choices:
    """The terms of these rows' candidates. `counts` (n,) investors per property where the choices were trained on."""
    rng, n = np.random.default_rng(seed), len(rankings.X)
    m = min(CANDIDATES, len(pool))
    candidates = np.zeros((len(rows), m), dtype=np.int64)
    terms, lengths = [], np.zeros(len(rows), dtype=np.int64)
    size = max(ACTIVITY_AT_ONCE // n, 1)
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        activity = rankings.activity.before(rankings.times[part], rankings.users[part], rankings.targets[part])
        for i, row in enumerate(part.tolist(), start):
            candidates[i] = _draw(rankings, row, pool, m, rng)
            found, past = rankings.terms(row, candidates[i], activity[i - start])
            if counts is not None:
                share = rankings.layer.neighbours.own_share(
                    past.numbers, np.maximum(past.weights, 0), int(candidates[i, 0]), counts
                )
                found[0, TOGETHER] = max(found[0, TOGETHER] - share, 0.0)
            terms.append(found)
            lengths[i] = len(past.weights)
    return Choices(np.stack(terms), lengths, rows, candidates)


def _draw(rankings: Rankings, row: int, pool: Numbers, m: int, rng: np.random.Generator) -> Numbers:
    """(m,) the target first, then properties of the pool that the investor has not; repeated where those are few."""
    mine = slice(*np.searchsorted(rankings.histories.rows, [row, row + 1]))
    target = rankings.targets[row]
    closed = np.append(rankings.histories.properties[mine], target)
    others = pool[~np.isin(pool, closed)]
    return np.append(target, rng.choice(others, m - 1, replace=len(others) < m - 1))
