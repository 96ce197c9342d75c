"""How much goes on around a property: interactions of others with it, strictly before a moment."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import DAY_SECONDS, Matrix, Numbers
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers

WINDOWS_DAYS = (36_500, 365, 90, 30)  # ever, within the year, the quarter, the month


@dataclass(frozen=True)
class Activity:
    """Interactions (m,) with n properties by number; dislikes are none."""

    users: Numbers
    properties: Numbers
    times: Numbers
    n: int

    @classmethod
    def of(cls, log: InteractionLog, property_ids: npt.NDArray[np.object_]) -> Self:
        numbers = property_numbers(property_ids, log.properties)
        kept = (numbers != UNKNOWN) & (log.kinds != KIND_CODE["dislike"])
        return cls(log.users[kept], numbers[kept], log.times[kept], len(property_ids))

    def before(self, times: Numbers, users: Numbers, targets: Numbers) -> Matrix:
        """(q, n, windows) log1p of the interactions in each window before each of `times` (q,).

        What the asking investor themselves did with the target is no activity: it would give the answer away.
        """
        starts = [times - days * DAY_SECONDS for days in WINDOWS_DAYS]
        until, own_until = self._counts(times), self._own(times, users, targets)
        counts = np.stack([until - self._counts(start) for start in starts], axis=2)
        own = np.stack([own_until - self._own(start, users, targets) for start in starts], axis=1)
        counts[np.arange(len(times)), targets] -= own
        activity: Matrix = np.log1p(counts)
        return activity

    def at_the_end(self) -> Matrix:
        """(n, windows) as serving has it: all that is known when the model is made."""
        end = np.array([self.times.max(initial=0) + 1])
        nobody = np.array([-1])
        found: Matrix = self.before(end, nobody, np.zeros(1, dtype=np.int64))[0]
        return found

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

    def _own(self, times: Numbers, users: Numbers, targets: Numbers) -> Matrix:
        """(q,) interactions of each user with their target strictly before each time."""
        events: dict[tuple[int, int], list[int]] = {}
        asked = set(zip(users.tolist(), targets.tolist(), strict=True))
        rows = np.flatnonzero(np.isin(self.users, users))
        mine = zip(self.users[rows].tolist(), self.properties[rows].tolist(), self.times[rows].tolist(), strict=True)
        for user, number, time in mine:
            if (user, number) in asked:
                events.setdefault((user, number), []).append(time)
        queries: Any = zip(users.tolist(), targets.tolist(), times.tolist(), strict=True)
        return np.array(
            [sum(time < t for time in events.get((user, number), ())) for user, number, t in queries], dtype=np.float32
        )
