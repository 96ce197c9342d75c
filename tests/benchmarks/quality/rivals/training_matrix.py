"""What a rival may learn from: the training log as a matrix, the catalogue, and activity before a date."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from portfolio_twin.domain.arrays import DAY_SECONDS, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import UNKNOWN, Catalogue
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Scorer
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.histories import Histories

Setting = Mapping[str, float]


@dataclass(frozen=True)
class Known:
    """`learnt_from` is for training; of `facts`, the whole log, a query may only count what came before its date."""

    learnt_from: Dataset
    facts: Dataset

    @property
    def catalogue(self) -> Catalogue:
        return self.facts.catalogue

    @cached_property
    def _pairs(self) -> tuple[Numbers, sparse.csr_matrix]:
        evidence = self.learnt_from.evidence
        user_ids, users = np.unique(evidence.users, return_inverse=True)
        wanted = evidence.weights > 0  # no rival knows what to make of a dislike
        cells = (evidence.weights[wanted], (users[wanted], evidence.properties[wanted]))
        return user_ids, sparse.csr_matrix(cells, shape=(len(user_ids), len(self.catalogue)), dtype=np.float32)

    @property
    def user_ids(self) -> Numbers:
        """(m,) ascending: the rows of the matrix."""
        return self._pairs[0]

    @property
    def matrix(self) -> sparse.csr_matrix:
        """(m, n) how strongly each investor's dealings speak for each property, 0 where there are none."""
        return self._pairs[1]

    @cached_property
    def popularity(self) -> Matrix:
        """(n,) log1p of the investors who dealt with each property."""
        investors = np.asarray((self.matrix > 0).sum(axis=0), dtype=np.float32).ravel()
        return np.log1p(investors)

    def features(self, place_weight: float) -> Matrix:
        """(n, w) standardised inputs with the two coordinates weighted; without the waves, which are no distance."""
        schema = FeatureSchema.learn(self.catalogue)
        X = schema.vectorise(self.catalogue)
        X[:, schema.groups.get("location", ())[:2]] *= place_weight
        return np.delete(X, schema.waves, axis=1)

    def activity(self, queries: Queries, days: int) -> Scorer:
        """(chunk, n) log1p of the interactions in so many days before the day of each query, the asker's left out."""
        listed = self.facts.rows != UNKNOWN
        facts, properties = self.facts.log.take(listed), self.facts.rows[listed]
        midnights = queries.times // DAY_SECONDS * DAY_SECONDS
        starts = np.searchsorted(facts.times, midnights - days * DAY_SECONDS)
        ends = np.searchsorted(facts.times, midnights)

        def score(chunk: slice) -> Matrix:
            rows = range(*chunk.indices(len(queries.users)))
            counts = np.zeros((len(rows), len(self.catalogue)), dtype=np.float32)
            for i, row in enumerate(rows):
                window = slice(starts[row], ends[row])
                others = properties[window][facts.users[window] != queries.users[row]]
                counts[i] = np.bincount(others, minlength=counts.shape[1])
            return np.log1p(counts)

        return score


def wanted(histories: Histories, n: int) -> sparse.csr_matrix:
    """(q, n) the positive weights of each history."""
    kept = histories.take(histories.weights > 0)
    return sparse.csr_matrix((kept.weights, (kept.owners, kept.properties)), shape=(kept.count, n), dtype=np.float32)


def dense(matrix: sparse.csr_matrix) -> Matrix:
    return np.asarray(matrix.todense(), dtype=np.float32)
