"""Which properties the same investors act on: cosine co-occurrence, the nearest neighbours of each kept."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix, Numbers

NEIGHBOURS = 50
INVESTOR_LIMIT = 200  # properties of one investor that are paired with each other, the last ones


@dataclass(frozen=True)
class Neighbours:
    """Of each of n properties up to NEIGHBOURS others and how strongly they belong together, 0 … 1.

    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms" (2004): |both| / √(|one| · |other|).
    """

    numbers: npt.NDArray[np.int32]  # (n, c), the property's own number in the padding
    strengths: Matrix  # (n, c), 0 in the padding

    def to(self, history: Numbers, weights: Matrix, candidates: Numbers) -> Matrix:
        """(m,) Σ over the history (h,), each entry by its weight, of its bond with each candidate; 0 where unknown."""
        known = history >= 0
        others = self.numbers[history[known]].ravel()
        bonds = (self.strengths[history[known]] * weights[known, None]).ravel()
        order = np.argsort(candidates, kind="stable")
        ranked = candidates[order]
        at = np.minimum(np.searchsorted(ranked, others), len(ranked) - 1)
        found = ranked[at] == others
        sums = np.zeros(len(candidates), dtype=np.float32)
        sums[order] = np.bincount(at[found], bonds[found], len(ranked))
        return sums

    def own_share(self, history: Numbers, weights: Matrix, target: int, counts: Numbers) -> float:
        """What one investor alone adds to their own bond with the target: their pairs must not tell their choice."""
        listed = ((self.numbers[history] == target) & (self.strengths[history] > 0)).any(axis=1)
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
        starts = np.searchsorted(first, np.arange(n))
        place = np.arange(len(first)) - starts[first]
        kept = place < NEIGHBOURS
        width = int(place[kept].max(initial=-1)) + 1
        numbers = np.repeat(np.arange(n, dtype=np.int32)[:, None], max(width, 1), axis=1)
        strengths = np.zeros(numbers.shape, dtype=np.float32)
        numbers[first[kept], place[kept]] = second[kept]
        strengths[first[kept], place[kept]] = strength[kept]
        return cls(numbers, strengths), counts


def _pairs(users: Numbers, properties: Numbers, n: int) -> tuple[Numbers, Numbers, Numbers]:
    """Each ordered pair of properties that some investor shares, and how many do."""
    order = np.argsort(users, kind="stable")
    owned = np.split(properties[order], np.flatnonzero(np.diff(users[order])) + 1)
    keys = [(mine[:, None] * n + mine).ravel() for mine in (all_[-INVESTOR_LIMIT:] for all_ in owned) if len(mine) > 1]
    found, both = np.unique(np.concatenate(keys), return_counts=True) if keys else (np.zeros(0, np.int64),) * 2
    first, second = found // n, found % n
    return first[first != second], second[first != second], both[first != second]
