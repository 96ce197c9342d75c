"""The histories of many investors at once, and the vectors that the user tower makes of them."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.evidence import Evidence, gather_evidence
from portfolio_twin.domain.interactions import HISTORY_LIMIT
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.model.encoder import FULL_EVIDENCE, normalise

SHORTEST_TASTE = 2  # properties that speak for something, on either side of a change


@dataclass(frozen=True)
class Histories:
    """One history per investor, end to end, each in the order of time; k entries for q investors."""

    owners: Numbers  # (k,) whose entry it is, by position among the investors, ascending
    properties: Numbers  # (k,) rows of the catalogue, distinct within a history
    kinds: npt.NDArray[np.int8]  # (k,) the telling kind
    weights: Matrix  # (k,) how strongly it speaks for the property, dislikes below 0
    times: Numbers  # (k,) seconds, of the last interaction
    count: int  # q

    @classmethod
    def from_evidence(cls, evidence: Evidence, count: int) -> Self:
        """Of so many investors, who are numbered from 0 in the evidence."""
        return cls(
            owners=evidence.users, properties=evidence.properties, kinds=evidence.kinds, weights=evidence.weights,
            times=evidence.times, count=count,
        )  # fmt: skip

    @classmethod
    def of(
        cls, dataset: Dataset, users: Numbers, *, before: Numbers | None = None, without: Numbers | None = None
    ) -> Self:
        """Of distinct `users` (q,), from strictly before each time (q,), one property (q,) left out of each."""
        if len(users) == 0:
            return cls.from_evidence(dataset.evidence.take(np.zeros(0, dtype=np.int64)), 0)
        order, log = np.argsort(users), dataset.log
        whose = order[np.minimum(np.searchsorted(users, log.users, sorter=order), len(users) - 1)]  # (m,)
        kept = (users[whose] == log.users) & (dataset.rows != UNKNOWN)
        if before is not None:
            kept &= log.times < before[whose]
        if without is not None:
            kept &= dataset.rows != without[whose]
        evidence = gather_evidence(whose[kept], dataset.rows[kept], log.kinds[kept], log.times[kept])
        return cls.from_evidence(evidence, len(users))

    @property
    def lengths(self) -> Numbers:
        return np.bincount(self.owners, minlength=self.count)  # (q,)

    @property
    def evidence(self) -> Matrix:
        """(q,) sum of the weights above 0: a dislike does not tell what would be liked."""
        return np.bincount(self.owners, np.maximum(self.weights, 0), self.count).astype(np.float32)

    def take(self, kept: Mask) -> Self:
        """The same investors with fewer entries, kept (k,)."""
        entries = ("owners", "properties", "kinds", "weights", "times")
        return replace(self, **{name: getattr(self, name)[kept] for name in entries})

    def entries_of(self, i: int) -> slice:
        """Where the entries of investor i stand."""
        return slice(*np.searchsorted(self.owners, [i, i + 1]))

    def recent(self, limit: int = HISTORY_LIMIT) -> Self:
        """At most the last `limit` of each."""
        ends = np.cumsum(self.lengths)
        return self.take(ends[self.owners] - np.arange(len(self.owners)) <= limit)

    def pool(self, vectors: Matrix, market_taste: Matrix) -> Matrix:
        """(q, d) `pool_history` for all at once. vectors (n, d)."""
        weighted = vectors[self.properties] * self.weights[:, None]
        sums = np.stack([np.bincount(self.owners, column, self.count) for column in weighted.T], axis=1)
        total = np.bincount(self.owners, np.abs(self.weights), self.count)[:, None]
        pooled = np.where(self.evidence[:, None] > 0, sums / np.maximum(total, FULL_EVIDENCE), 0.0)
        return normalise((pooled + market_taste).astype(np.float32))

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
        if len(self.owners) == 0:
            return self
        starts = np.flatnonzero(np.diff(self.owners, prepend=-1))
        group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(self.owners))))
        position, positive = np.arange(len(self.owners)) - starts[group], self.weights > 0
        upto = np.cumsum(np.insert(positive, 0, 0))[starts][group]  # before each history
        earlier: Numbers = np.cumsum(positive) - upto  # up to each entry
        later = np.bincount(self.owners, positive, self.count)[self.owners] - earlier
        speaking = vectors[self.properties] * np.maximum(self.weights, 0).astype(np.float64)[:, None]
        sums = np.cumsum(speaking, axis=0)
        before = sums - np.insert(sums, 0, 0.0, axis=0)[starts][group]  # (k, d) of each history up to each entry
        whole = before[np.append(starts[1:], len(self.owners)) - 1][group]
        steps = np.bincount(self.owners, _length(speaking), self.count)[self.owners]
        gain = (_length(before) + _length(whole - before) - _length(whole)) / np.sqrt(np.maximum(steps, 1e-9))
        gain[(earlier < 1) | (later < 1)] = -np.inf
        best = np.maximum.reduceat(gain, starts)
        last = np.maximum.reduceat(
            np.where(gain == best[group], position, -1), starts
        )  # of what came before the change
        long = (np.minimum(earlier, later) >= SHORTEST_TASTE)[starts + np.maximum(last, 0)]
        left = self.take(((best <= threshold) | ~long)[group] | (position > last[group]))
        return left if len(left.owners) == len(self.owners) else left.since_change(vectors, threshold)


def _length(vectors: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(np.sqrt(np.einsum("kd,kd->k", vectors, vectors)))


def scatter(shape: tuple[int, int], rows: Numbers, columns: Numbers) -> Mask:
    """A mask of that shape, True at each (row, column)."""
    mask = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask
