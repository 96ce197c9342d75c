"""The plain design, trained: what the comparison asks of it. It is no Twin, and no bundle is made of it."""

from dataclasses import dataclass

import numpy as np

from functions.train.plain.calibration import Platt
from portfolio_twin.domain.arrays import Floats, Matrix, Numbers
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Scorer


@dataclass(frozen=True)
class PlainModel:
    """Vectors on the unit sphere, of the catalogue's properties and of the investors who were trained on."""

    property_vectors: Matrix  # (n, d)
    user_ids: Numbers  # (m,) ascending
    user_vectors: Matrix  # (m, d)
    mean_investor: Matrix  # (d,) for whoever has no vector
    calibration: Platt

    def investors(self, users: Numbers) -> Matrix:
        """(q, d) by id, users (q,)."""
        rows = np.minimum(np.searchsorted(self.user_ids, users), len(self.user_ids) - 1)
        trained = self.user_ids[rows] == users
        return np.where(trained[:, None], self.user_vectors[rows], self.mean_investor)

    def answer(self, queries: Queries) -> Scorer:
        """(chunk, n) cosines: what the investors did lies in their vectors, so their histories are not looked at."""
        investors = self.investors(queries.users)
        return lambda chunk: investors[chunk] @ self.property_vectors.T

    def cosines(self, queries: Queries) -> Floats:
        """(p,) of each classification pair."""
        investors, properties = self.investors(queries.users), self.property_vectors
        return np.asarray((investors[queries.pair_owners] * properties[queries.pair_properties]).sum(axis=1))

    def affinities(self, queries: Queries) -> Floats:
        """(p,) the same as probabilities, at a balanced prior."""
        return self.calibration(self.cosines(queries))
