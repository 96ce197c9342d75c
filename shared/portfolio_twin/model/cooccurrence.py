"""Which properties the same investors act on: cosine co-occurrence, the nearest neighbours of each kept."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.properties import UNKNOWN

NEIGHBOURS = 50
INVESTOR_LIMIT = 200  # properties of one investor that are paired with each other, the last ones


@dataclass(frozen=True)
class Neighbours:
    """Of each of n properties up to NEIGHBOURS others and how strongly they belong together, 0 … 1.

    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms" (2004): |both| / √(|one| · |other|).
    """

    starts: Numbers  # (n + 1,) where in the others those of each property begin, and the end
    rows: npt.NDArray[np.int32]  # (e,) those of one property after those of the one before: none for what nobody has
    strengths: Matrix  # (e,)

    def to(self, history: Numbers, weights: Matrix, candidates: Numbers) -> Matrix:
        """(m,) Σ over the history (h,), by weight, of the bond of each entry with each candidate; 0 for UNKNOWN."""
        listed = history != UNKNOWN
        places, owners = self._of(history[listed])
        others, bonds = self.rows[places], self.strengths[places] * weights[listed][owners]
        order = np.argsort(candidates, kind="stable")
        ranked = candidates[order]
        at = np.minimum(np.searchsorted(ranked, others), len(ranked) - 1)
        offered = ranked[at] == others
        sums = np.zeros(len(candidates), dtype=np.float32)
        sums[order] = np.bincount(at[offered], bonds[offered], len(ranked))
        return sums

    def own_share(self, history: Numbers, weights: Matrix, target: int, counts: Numbers) -> float:
        """What one investor alone adds to their own bond with the target: it must not give their choice away.

        history and weights (h,), counts (n,).
        """
        places, owners = self._of(history)
        listed = np.bincount(owners[self.rows[places] == target], minlength=len(history)) > 0
        alone = 1 / np.sqrt(np.maximum(counts[history] * counts[target], 1))
        return float((listed * weights * alone).sum())

    @classmethod
    def learn(cls, users: Numbers, properties: Numbers, n: int) -> tuple[Self, Numbers]:
        """From distinct pairs of investor and property, each (m,); also the investors of each property, (n,)."""
        counts = np.bincount(properties, minlength=n)
        first, second, both = _pairs(users, properties, n)
        strength = both / np.sqrt(counts[first] * counts[second])
        order = np.lexsort((second, -strength, first))
        first, second, strength = first[order], second[order], strength[order]
        kept = np.arange(len(first)) - np.searchsorted(first, first) < NEIGHBOURS
        starts = np.searchsorted(first[kept], np.arange(n + 1))
        return cls(starts, second[kept].astype(np.int32), strength[kept].astype(np.float32)), counts

    def _of(self, properties: Numbers) -> tuple[Numbers, Numbers]:
        """Of all neighbours of properties (h,): where they stand, and whose each is, a position in `properties`."""
        starts = self.starts[properties]
        sizes = self.starts[properties + 1] - starts
        owners = np.repeat(np.arange(len(properties)), sizes)
        return np.arange(len(owners)) + np.repeat(starts - (np.cumsum(sizes) - sizes), sizes), owners


def _pairs(users: Numbers, properties: Numbers, n: int) -> tuple[Numbers, Numbers, Numbers]:
    """Each ordered pair of properties that some investor shares, and how many do."""
    order = np.argsort(users, kind="stable")
    owned = np.split(properties[order], np.flatnonzero(np.diff(users[order])) + 1)
    keys = [(mine[:, None] * n + mine).ravel() for mine in (all_[-INVESTOR_LIMIT:] for all_ in owned) if len(mine) > 1]
    shared, both = np.unique(np.concatenate(keys), return_counts=True) if keys else (np.zeros(0, np.int64),) * 2
    first, second = shared // n, shared % n
    return first[first != second], second[first != second], both[first != second]
