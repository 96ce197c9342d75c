"""The choices that investors made: each of the last properties they wanted, with their other dealings as history.

What was dealt with in the same second is no part of it: where all is sold on one day, a purchase would be told by its
neighbours of that day, which nobody who is asked about the next one knows.
"""

from dataclasses import replace

import numpy as np

from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.domain.evidence import Evidence
from portfolio_twin.domain.interactions import HISTORY_LIMIT, KIND_CODE, POSITIVE_KINDS
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.histories import Histories

CHOICES_PER_INVESTOR = 5  # the last ones: one investor must not speak for all
CHOICES_LIMIT = 4_000


def past_choices(evidence: Evidence, seed: int) -> Queries:
    """Each of the last few wanted properties of an investor, with all their dealings at other times as history."""
    wanted = np.isin(evidence.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS])
    users, begin, counts = np.unique(evidence.users, return_index=True, return_counts=True)
    owner = np.repeat(np.arange(len(users)), counts)
    lines = np.flatnonzero(wanted & (counts[owner] > 1))[::-1]
    lines = np.sort(lines[_position_in_group(owner[lines]) < CHOICES_PER_INVESTOR])
    if len(lines) > CHOICES_LIMIT:
        lines = np.sort(np.random.default_rng(seed).choice(lines, CHOICES_LIMIT, replace=False))
    each = [_others(evidence.times, begin[owner[line]], counts[owner[line]], line) for line in lines]
    lines, others = lines[np.array([len(rows) > 0 for rows in each], dtype=bool)], [rows for rows in each if len(rows)]
    dealings = evidence.take(np.concatenate(others) if others else lines)
    whose = np.repeat(np.arange(len(lines)), [len(rows) for rows in others])
    histories = Histories.from_evidence(replace(dealings, users=whose), len(lines))
    chosen = evidence.take(lines)
    return Queries.without_pairs(chosen.users, chosen.properties, chosen.times, histories)


def _position_in_group(groups: Numbers) -> Numbers:
    """(k,) how many of the same group come before, where equal ones stand together."""
    changes = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]]) if len(groups) else groups
    sizes = np.diff(np.append(changes, len(groups)))
    return np.asarray(np.arange(len(groups)) - np.repeat(changes, sizes))


def _others(times: Numbers, begin: int, count: int, line: int) -> Numbers:
    """Lines of the evidence of the investor's dealings at other times, the last HISTORY_LIMIT of them."""
    mine = np.arange(begin, begin + count)
    return np.asarray(mine[times[mine] != times[line]][-HISTORY_LIMIT:])
