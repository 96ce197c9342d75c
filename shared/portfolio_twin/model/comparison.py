"""A candidate beside what the investor wanted, piece by piece: its place, its attributes, the year of the market."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Floats, Mask, Matrix, Numbers
from portfolio_twin.model.features import FeatureSchema

BESIDE_HISTORY = ("place", "attributes", "each")  # terms of a candidate and a history
OF_THE_YEAR = ("not_yet", "this_year")  # terms of a candidate alone
COMPARED = (*BESIDE_HISTORY, *OF_THE_YEAR)
NEXT_DOOR_KM = 0.03  # nearer than this is as near as can be
SOMEWHERE_KM = 8.0  # away is what nobody knows the place of
YEARS = (1600, 2200)  # a number that lies here throughout is a year: when a property was built, or first offered


@dataclass(frozen=True)
class Comparison:
    """Which of the w columns say what. k numbers, y of which are years."""

    km: Matrix  # (2,) what one unit of the two coordinates is
    coordinates: Numbers  # (2,) columns; none without locations
    nowhere: Numbers  # the column that flags a missing location, if there is one
    attributes: Numbers  # the columns beside the location
    numbers: Numbers  # (k,)
    years: Numbers  # (y,)
    year_scales: Floats  # (y, 2) mean and standard deviation
    year_flags: Numbers  # (y,) the columns that flag a missing year, −1 where none is missing

    @classmethod
    def of(cls, schema: FeatureSchema) -> Self:
        location, columns = schema.location, np.array(schema.groups.get("location", ()), dtype=np.int64)
        years = [i for i, f in enumerate(schema.numeric) if not f.log and f.low > YEARS[0] and f.high < YEARS[1]]
        features = [schema.numeric[i] for i in years]
        return cls(
            km=np.array([location.east_std_km, location.north_std_km] if location else [], dtype=np.float32),
            coordinates=columns[:2],
            nowhere=columns[-1:] if location and location.flag else columns[:0],
            attributes=np.setdiff1d(np.arange(schema.width), columns),
            numbers=np.arange(len(schema.numeric)),
            years=np.array(years, dtype=np.int64),
            year_scales=np.array([(f.mean, f.std) for f in features], dtype=np.float64).reshape(-1, 2),
            year_flags=np.array([schema.groups[f.name][1] if f.flag else -1 for f in features], dtype=np.int64),
        )

    def terms(self, X: Matrix, wanted: Matrix, at: int) -> Matrix:
        """(m, COMPARED) of candidates X (m, w) for who wanted these (h, w), asked at this second."""
        beside = self._beside(X, wanted) if len(wanted) else np.zeros((len(X), len(BESIDE_HISTORY)))
        return np.column_stack([beside, *self._of_the_year(X, at)]).astype(np.float32)

    def kilometres(self, X: Matrix, wanted: Matrix) -> Matrix:
        """(m, h) between properties X (m, w) and wanted (h, w)."""
        A, B = (Y[:, self.coordinates] * self.km for Y in (X, wanted))
        lost, others_lost = ((Y[:, self.nowhere] > 0).any(axis=1) for Y in (X, wanted))
        return np.asarray(np.where(np.logical_or.outer(lost, others_lost), SOMEWHERE_KM, distances(A, B)))

    def _beside(self, X: Matrix, wanted: Matrix) -> Matrix:
        """(m, BESIDE_HISTORY) each the nearer the larger: to the nearest as a whole, and number by number."""
        # Each (h, m) and not the other way round: the least along a short last axis takes numpy five times as long.
        place = -np.log(NEXT_DOOR_KM + self.kilometres(wanted, X).min(axis=0))
        attributes = -distances(wanted[:, self.attributes], X[:, self.attributes]).min(axis=0)
        columns = zip(wanted[:, self.numbers].T, np.ascontiguousarray(X[:, self.numbers].T), strict=True)
        gaps = [np.abs(theirs[:, None] - column).min(axis=0) for theirs, column in columns]
        each = -np.mean(gaps, axis=0) if gaps else np.zeros(len(X))
        return np.column_stack([place, attributes, each])

    def _of_the_year(self, X: Matrix, at: int) -> tuple[Mask, Mask]:
        """(m,) whether one of its years is yet to come, and whether one is this year."""
        now = np.datetime64(at, "s").astype("datetime64[Y]").astype(np.int64) + 1970
        known = np.where(self.year_flags < 0, 0, X[:, self.year_flags]) == 0  # (m, y)
        mean, std = self.year_scales.T
        years = np.round(X[:, self.years] * std + mean)
        return ((years > now) & known).any(axis=1), ((years == now) & known).any(axis=1)


def distances(A: Matrix, B: Matrix) -> Matrix:
    """(a, b) Euclidean distances of the rows of A (a, w) and B (b, w)."""
    a, b = (np.einsum("ij,ij->i", Y, Y) for Y in (A, B))
    squares = a[:, None] - 2 * A @ B.T + b
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))
