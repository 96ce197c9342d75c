"""The time split: which dealings are held out for validation and test, and what is left to train on.

Positives are deals and likes. Of an investor with three or more distinct positive properties (in the order of the first
positive interaction with each) the last is the test target and the one before it the validation target. Nothing that
such an investor did at or after the validation target's time is trained on, nor anything they did with either target.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Columns, Numbers, Texts
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS, InteractionLog
from portfolio_twin.domain.properties import UNKNOWN

SPLITS: tuple[str, ...] = ("validation", "test")
VALIDATION, TEST = 0, 1
TARGETS_NEEDED = 3  # one to learn from, one for validation, one for test
HOLDOUT_USERS_LIMIT = 2_000


@dataclass(frozen=True)
class Holdout(Columns):
    """Held-out targets (label 1), and as many properties drawn at random beside them (label 0)."""

    users: Numbers  # (k,)
    properties: Texts  # (k,) property ids
    times: Numbers  # (k,) of the target, its negatives share it
    splits: npt.NDArray[np.int8]  # (k,) codes: SPLITS[code]
    labels: npt.NDArray[np.int8]  # (k,) 1 or 0

    @classmethod
    def empty(cls) -> Self:
        """Nothing held out."""
        numbers, codes = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int8)
        return cls(numbers, np.zeros(0, dtype=object), numbers, codes, codes)

    def of(self, split: int) -> Self:
        """The pairs of one split, targets and negatives."""
        return self.take(self.splits == split)

    def targets(self, split: int) -> Self:
        return self.take((self.splits == split) & (self.labels == 1))


def draw_holdout(
    dataset: Dataset, *, seed: int, users_limit: int = HOLDOUT_USERS_LIMIT, negatives_per_target: int = 1
) -> Holdout:
    """Targets of at most `users_limit` investors drawn by seed, and negatives that they never touched."""
    rng = np.random.default_rng(seed)
    dataset = dataset.in_time_order()
    log = dataset.log
    users = np.unique(log.users, return_inverse=True)[1]
    validation, test = _last_two(dataset, users)
    if len(test) > users_limit:
        chosen = np.sort(rng.choice(len(test), users_limit, replace=False))
        validation, test = validation[chosen], test[chosen]
    targets = np.concatenate([validation, test])
    splits = np.repeat(np.array([VALIDATION, TEST], dtype=np.int8), [len(validation), len(test)])
    drawn = np.repeat(np.arange(len(targets)), negatives_per_target)
    negatives = _untouched(users[targets[drawn]], users, dataset, rng)
    kept = negatives != UNKNOWN  # an investor who touched the whole catalogue has no negatives
    drawn, negatives = drawn[kept], negatives[kept]
    return Holdout(
        users=np.concatenate([log.users[targets], log.users[targets[drawn]]]),
        properties=np.concatenate([log.properties[targets], dataset.catalogue.ids[negatives]]),
        times=np.concatenate([log.times[targets], log.times[targets[drawn]]]),
        splits=np.concatenate([splits, splits[drawn]]),
        labels=np.repeat(np.array([1, 0], dtype=np.int8), [len(targets), len(drawn)]),
    )


def thin_validation(holdout: Holdout, share: float, seed: int) -> Holdout:
    """Keeps the validation pairs of a share of the investors; what the others did before their test target trains."""
    users = np.unique(holdout.users)
    kept = np.random.default_rng(seed).random(len(users)) < share
    return holdout.take((holdout.splits != VALIDATION) | np.isin(holdout.users, users[kept]))


def training_log(log: InteractionLog, holdout: Holdout) -> InteractionLog:
    """What may be trained on: of a held-out investor nothing from their first target on, nor with any target."""
    targets = holdout.take(holdout.labels == 1)
    if len(targets) == 0:
        return log
    order = np.lexsort((targets.times, targets.users))
    users, first = np.unique(targets.users[order], return_index=True)
    cut = targets.times[order][first]
    nearest = np.minimum(np.searchsorted(users, log.users), len(users) - 1)
    held_out = users[nearest] == log.users
    hidden = held_out & (log.times >= cut[nearest])
    pairs = set(zip(targets.users.tolist(), targets.properties.tolist(), strict=True))
    for i in np.flatnonzero(held_out & ~hidden):  # the view that came before the deal gives the target away
        hidden[i] = (int(log.users[i]), log.properties[i]) in pairs
    return log.take(~hidden)


def _last_two(dataset: Dataset, users: Numbers) -> tuple[Numbers, Numbers]:
    """Positions in the log of the last distinct positive but one, and of the last, of who has enough. Each (u,)"""
    log, rows = dataset.log, dataset.rows
    positive = np.isin(log.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS]) & (rows != UNKNOWN)
    at = np.flatnonzero(positive)
    pairs = users[at] * (rows.max(initial=0) + 1) + rows[at]
    _, first = np.unique(pairs, return_index=True)  # the log is in time order: the first position is the earliest
    at = np.sort(at[first])
    at = at[np.argsort(users[at], kind="stable")]
    _, starts, counts = np.unique(users[at], return_index=True, return_counts=True)
    last = (starts + counts - 1)[counts >= TARGETS_NEEDED]
    return at[last - 1], at[last]


def _untouched(wanted: Numbers, users: Numbers, dataset: Dataset, rng: np.random.Generator) -> Numbers:
    """(w,) for each wanted user a row drawn uniformly among the properties they never touched, or UNKNOWN."""
    n, rows = len(dataset.catalogue), dataset.rows
    mine = np.isin(users, wanted) & (rows != UNKNOWN)
    touched = np.unique(users[mine] * n + rows[mine])
    drawn = np.full(len(wanted), UNKNOWN, dtype=np.int64)
    for _ in range(64):  # rejection: each round settles all but the share of the catalogue that was touched
        waiting = np.flatnonzero(drawn == UNKNOWN)
        if len(waiting) == 0:
            break
        guess = rng.integers(n, size=len(waiting))
        free = ~np.isin(wanted[waiting] * n + guess, touched)
        drawn[waiting[free]] = guess[free]
    return drawn
