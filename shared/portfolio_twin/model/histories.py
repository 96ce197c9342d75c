"""What is known of many investors at once: their histories, and the vectors that the user tower makes of them."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.interactions import HISTORY_LIMIT, InteractionLog, gather_evidence
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.model.encoder import Matrix, normalise

Numbers = npt.NDArray[np.int64]


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
        """(q,) sum of |weights|."""
        return np.bincount(self.rows, np.abs(self.weights), self.count).astype(np.float32)

    def take(self, kept: npt.NDArray[np.bool_]) -> Self:
        """The same investors with fewer entries."""
        return type(self)(self.rows[kept], self.properties[kept], self.weights[kept], self.times[kept], self.count)

    def recent(self, limit: int = HISTORY_LIMIT) -> Self:
        """At most the last `limit` of each, as serving pools them."""
        ends = np.cumsum(self.lengths)
        return self.take(ends[self.rows] - np.arange(len(self.rows)) <= limit)

    def pool(self, vectors: Matrix, global_vector: Matrix) -> Matrix:
        """(q, d) normalise(Σ wᵢvᵢ / Σ|wᵢ| + u₀), `Twin.user_vector` for all at once. vectors (n, d)."""
        weighted = vectors[self.properties] * self.weights[:, None]
        sums = np.stack([np.bincount(self.rows, column, self.count) for column in weighted.T], axis=1)
        evidence = np.bincount(self.rows, np.abs(self.weights), self.count)[:, None]
        pooled = sums / np.where(evidence > 0, evidence, 1.0)
        return normalise((pooled + global_vector).astype(np.float32))


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


def scatter(shape: tuple[int, int], rows: Numbers, columns: Numbers) -> npt.NDArray[np.bool_]:
    """A mask, True at each (row, column)."""
    mask: npt.NDArray[Any] = np.zeros(shape, dtype=bool)
    mask[rows, columns] = True
    return mask
