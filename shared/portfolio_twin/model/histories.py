"""What is known of many investors at once: their histories, and the vectors that the user tower makes of them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import HISTORY_LIMIT, InteractionLog, gather_evidence
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.model.encoder import FULL_EVIDENCE, normalise

SHORTEST_TASTE = 2  # properties that speak for something, on either side of a change


@dataclass(frozen=True)
class Histories:
    """One history per investor, end to end, each in the order of time; k entries for q investors."""

    rows: Numbers  # (k,) whose entry it is, ascending
    properties: Numbers  # (k,) row numbers of the catalogue, distinct within a history
    weights: Matrix  # (k,) how strongly it speaks for the property, dislikes below 0
    times: Numbers  # (k,) seconds, of the last interaction
    count: int  # q

    @property
    def lengths(self) -> Numbers:
        return np.bincount(self.rows, minlength=self.count)  # (q,)

    @property
    def evidence(self) -> Matrix:
        """(q,) sum of the weights above 0: a dislike does not tell what would be liked."""
        return np.bincount(self.rows, np.maximum(self.weights, 0), self.count).astype(np.float32)

    def take(self, kept: npt.NDArray[np.bool_]) -> Self:
        """The same investors with fewer entries."""
        return type(self)(self.rows[kept], self.properties[kept], self.weights[kept], self.times[kept], self.count)

    def recent(self, limit: int = HISTORY_LIMIT) -> Self:
        """At most the last `limit` of each."""
        ends = np.cumsum(self.lengths)
        return self.take(ends[self.rows] - np.arange(len(self.rows)) <= limit)

    def pool(self, vectors: Matrix, global_vector: Matrix) -> Matrix:
        """(q, d) `pool_history` for all at once. vectors (n, d)."""
        weighted = vectors[self.properties] * self.weights[:, None]
        sums = np.stack([np.bincount(self.rows, column, self.count) for column in weighted.T], axis=1)
        total = np.bincount(self.rows, np.abs(self.weights), self.count)[:, None]
        pooled = np.where(self.evidence[:, None] > 0, sums / np.maximum(total, FULL_EVIDENCE), 0.0)
        return normalise((pooled + global_vector).astype(np.float32))

    def present(self, vectors: Matrix, change_of_taste: float | None) -> Self:
        """As serving pools them: the recent ones, since a change where that is looked for. vectors (n, d), centred."""
        recent = self.recent()
        return recent if change_of_taste is None else recent.since_change(vectors, change_of_taste)

    def since_change(self, vectors: Matrix, threshold: float) -> Self:
        """Without what came before the latest change of taste, where there was one. vectors (n, d), centred.

        A change lies where the part before and the part after point most different ways, so that their sums together
        are longer than the sum of all: R₁ + R₂ − R > threshold · √N, R the length of a sum of vectors and N that of all
        end to end, for chance adds up like √N. The statistic is that of Watson and Williams, "On the construction of
        significance tests on the circle and the sphere" (Biometrika, 1956).
        Where the parts differ most when one of them is too short, a stray property is all there is, and a cut beside it
        would only hide that. What is left is asked again: the change that shows most need not be the latest.
        """
        if len(self.rows) == 0:
            return self
        starts = np.flatnonzero(np.diff(self.rows, prepend=-1))
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(self.rows))))
        place, told = np.arange(len(self.rows)) - starts[group], self.weights > 0
        earlier: Numbers = np.cumsum(told) - np.cumsum(np.insert(told, 0, 0))[starts][group]  # up to each entry
        later = np.bincount(self.rows, told, self.count)[self.rows] - earlier
        speaking = vectors[self.properties] * np.maximum(self.weights, 0).astype(np.float64)[:, None]
        sums = np.cumsum(speaking, axis=0)
        before = sums - np.insert(sums, 0, 0.0, axis=0)[starts][group]  # (k, d) of each history up to each entry
        whole = before[np.append(starts[1:], len(self.rows)) - 1][group]
        steps = np.bincount(self.rows, _length(speaking), self.count)[self.rows]
        gain = (_length(before) + _length(whole - before) - _length(whole)) / np.sqrt(np.maximum(steps, 1e-9))
        gain[(earlier < 1) | (later < 1)] = -np.inf
        best = np.maximum.reduceat(gain, starts)
        last = np.maximum.reduceat(np.where(gain == best[group], place, -1), starts)  # of what came before the change
        long = (np.minimum(earlier, later) >= SHORTEST_TASTE)[starts + np.maximum(last, 0)]
        left = self.take(((best <= threshold) | ~long)[group] | (place > last[group]))
        return left if len(left.rows) == len(self.rows) else left.since_change(vectors, threshold)


def histories_before(
    log: InteractionLog,
    property_ids: npt.NDArray[np.object_],
    users: Numbers,
    times: Numbers | None = None,
    without: Numbers | None = None,
) -> Histories:
    """Histories of distinct `users` (q,), from strictly before `times` (q,), one property number left out of each."""
    order = np.argsort(users)
    place = np.minimum(np.searchsorted(users, log.users, sorter=order), len(users) - 1)
    whose = order[place] if len(users) else place
    kept = users[whose] == log.users if len(users) else np.zeros(len(log), dtype=bool)
    if times is not None:
        kept[kept] = log.times[kept] < times[whose[kept]]
    whose, part = whose[kept], log.take(kept)
    numbers = property_numbers(property_ids, part.properties)
    known = numbers != UNKNOWN
    if without is not None:
        known &= numbers != without[whose]
    evidence = gather_evidence(whose[known], numbers[known], part.kinds[known], part.times[known])
    return Histories(evidence.users, evidence.properties, evidence.weights, evidence.times, len(users))


def _length(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    lengths: npt.NDArray[np.float64] = np.sqrt(np.einsum("kd,kd->k", vectors, vectors))
    return lengths


def scatter(shape: tuple[int, int], rows: Numbers, columns: Numbers) -> npt.NDArray[np.bool_]:
    """A mask, True at each (row, column)."""
    mask: npt.NDArray[Any] = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask
