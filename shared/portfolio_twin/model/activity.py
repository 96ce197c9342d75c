"""How much goes on around a property: interactions of others with it, strictly before a moment."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np

from portfolio_twin.domain.arrays import DAY_SECONDS, Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import UNKNOWN

WINDOWS_DAYS = (36_500, 365, 90, 30)  # ever, within the year, the quarter, the month
IN_USE_DAYS = 90


def window_starts(learnt_until: int) -> list[int]:
    """Seconds: where each window begins that ends at this moment."""
    return [learnt_until - days * DAY_SECONDS for days in WINDOWS_DAYS]


@dataclass(frozen=True)
class Activity:
    """Interactions (m,) with n properties, by row of the catalogue; dislikes are none."""

    users: Numbers
    properties: Numbers
    times: Numbers
    n: int

    @classmethod
    def of(cls, dataset: Dataset) -> Self:
        log, rows = dataset.log, dataset.rows
        kept = (rows != UNKNOWN) & (log.kinds != KIND_CODE["dislike"])
        return cls(log.users[kept], rows[kept], log.times[kept], len(dataset.catalogue))

    def before(self, times: Numbers, users: Numbers, targets: Numbers) -> Matrix:
        """(q, n, windows) log1p of the interactions in each window before each of `times` (q,).

        What the asking investor themselves did with the target is no activity: it would give the answer away.
        """
        counts = _in_windows(self._counts, times)
        counts[np.arange(len(times)), targets] -= _in_windows(lambda at: self._own(at, users, targets), times)
        return np.log1p(counts)

    def of_candidates(self, times: Numbers, users: Numbers, candidates: Numbers) -> Matrix:
        """(q, m, windows) the same of some candidates (q, m), the target the first of each."""
        counts = _in_windows(lambda at: self._counts_of(candidates, at), times)
        counts[:, 0] -= _in_windows(lambda at: self._own(at, users, candidates[:, 0]), times)
        return np.log1p(counts)

    def in_use(self, properties: Numbers, times: Numbers, users: Numbers) -> Mask:
        """(p,) whether anybody but the user dealt with the property in the IN_USE_DAYS before. Each (p,)"""
        order = np.lexsort((self.times, self.properties))
        whose, what, when = self.users[order], self.properties[order], self.times[order]
        first, last = np.searchsorted(what, properties, side="left"), np.searchsorted(what, properties, side="right")
        since = times - IN_USE_DAYS * DAY_SECONDS
        return np.array([
            bool(((when[a:b] >= start) & (when[a:b] < end) & (whose[a:b] != user)).any())
            for a, b, start, end, user in zip(first, last, since, times, users, strict=True)
        ], dtype=bool)  # fmt: skip

    def at_the_end(self) -> Matrix:
        """(n, windows) as serving has it: everything up to the moment when the model is made."""
        end = np.array([self.times.max(initial=0) + 1])
        nobody = np.array([-1])
        return np.asarray(self.before(end, nobody, np.zeros(1, dtype=np.int64))[0])

    def _counts(self, times: Numbers) -> Matrix:
        """(q, n) interactions strictly before each time: what falls between two queries is added to the later one."""
        order = np.argsort(times, kind="stable")
        first_after = np.searchsorted(times[order], self.times, side="right")  # the first query later than the event
        counted = first_after < len(times)
        cells = first_after[counted] * self.n + self.properties[counted]
        added = np.bincount(cells, minlength=len(times) * self.n).reshape(len(times), self.n)
        counts = np.empty(added.shape, dtype=np.float32)
        counts[order] = np.cumsum(added, axis=0)
        return counts

    def _counts_of(self, candidates: Numbers, times: Numbers) -> Matrix:
        """(q, m) interactions with each candidate (q, m) strictly before each time (q,)."""
        begun, first, span = self._in_order
        moments = np.clip(times - first, 0, span - 1)[:, None]
        upto = np.searchsorted(begun, candidates * span + moments) - np.searchsorted(begun, candidates * span)
        return upto.astype(np.float32)

    @cached_property
    def _in_order(self) -> tuple[Numbers, int, int]:
        """(m,) property · span + time since the first, ascending; the first time; and the span, longer than all."""
        first, last = int(self.times.min(initial=0)), int(self.times.max(initial=0))
        span = last - first + 2
        return np.sort(self.properties * span + self.times - first), first, span

    def _own(self, times: Numbers, users: Numbers, targets: Numbers) -> Matrix:
        """(q,) interactions of each user with their target strictly before each time."""
        events: dict[tuple[int, int], list[int]] = {}
        asked = set(zip(users.tolist(), targets.tolist(), strict=True))
        mine = np.isin(self.users, users)
        columns = (self.users[mine].tolist(), self.properties[mine].tolist(), self.times[mine].tolist())
        for user, row, time in zip(*columns, strict=True):
            if (user, row) in asked:
                events.setdefault((user, row), []).append(time)
        queries: Any = zip(users.tolist(), targets.tolist(), times.tolist(), strict=True)
        return np.array(
            [sum(time < t for time in events.get((user, row), ())) for user, row, t in queries], dtype=np.float32
        )


def _in_windows(counted: Callable[[Numbers], Matrix], times: Numbers) -> Matrix:
    """(…, windows) what was counted before each of `times` (q,) less what was before each window began."""
    until = counted(times)
    return np.stack([until - counted(times - days * DAY_SECONDS) for days in WINDOWS_DAYS], axis=-1)
