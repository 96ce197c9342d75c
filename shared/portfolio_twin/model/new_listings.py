"""What a listing that nobody could have dealt with yet may expect: what those that are like it have."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Floats, Mask, Matrix, Numbers
from portfolio_twin.domain.properties import UNKNOWN, Catalogue
from portfolio_twin.model.comparison import distances
from portfolio_twin.model.ranking import IN_USE, RankingLayer
from portfolio_twin.model.scoring.offer import Offer

NEW_DAYS = 30  # on the market
# Alike is what is nearer than half the usual distance to a nearest neighbour. Chosen on Albany and the simulator: a
# copy of what is wanted gets where the original stands, and a week's new listings push nothing aside that is wanted.
ALIKE, SHARPNESS = 0.5, 0.2
MEASURED = 1_000  # of those in use, for the usual distance
LISTINGS_AT_ONCE = 500


@dataclass(frozen=True)
class NewListings:
    """By the r of the offer that are in use."""

    scales: Matrix  # (w,)
    rows: Numbers  # (r,) of the catalogue
    Z: Matrix  # (r, w) their features, scaled
    activity: Matrix  # (r, windows)
    floor: Matrix  # (windows,) where nothing is like it
    usual_gap: float  # median distance of a nearest neighbour

    @classmethod
    def of(cls, layer: RankingLayer, offer: Offer) -> Self:
        activity = layer.activity_of(offer.rows)
        in_use = (activity[:, IN_USE] > 0) & layer.wants_company
        Z = offer.X[in_use] * layer.scales
        gaps = distances(Z[:MEASURED], Z)
        np.fill_diagonal(gaps, np.inf)
        nearest = gaps.min(axis=1, initial=np.inf)
        usual = float(np.median(nearest[np.isfinite(nearest)])) if np.isfinite(nearest).any() else 0.0
        return cls(layer.scales, offer.rows[in_use], Z, activity[in_use], layer.floor, max(usual, 1e-6))

    def activity_of(self, X: Matrix) -> Matrix:
        """(m, windows) of listings X (m, w): the mean of those alike, by likeness, and of the floor."""
        gaps = distances(X * self.scales, self.Z) / self.usual_gap  # (m, r)
        weights = np.exp((ALIKE - gaps) / SHARPNESS)
        return np.asarray((weights @ self.activity + self.floor) / (weights.sum(axis=1, keepdims=True) + 1))

    def most_alike(self, X: Matrix) -> Numbers:
        """(m,) rows of the property that each of the listings X (m, w) is alike; UNKNOWN where none is."""
        rows = np.full(len(X), UNKNOWN, dtype=np.int64)
        for start in range(0, len(X) if len(self.Z) else 0, LISTINGS_AT_ONCE):
            part = slice(start, start + LISTINGS_AT_ONCE)
            gaps = distances(X[part] * self.scales, self.Z) / self.usual_gap
            rows[part] = np.where(gaps.min(axis=1) <= ALIKE, self.rows[gaps.argmin(axis=1)], UNKNOWN)
        return rows


def is_new(catalogue: Catalogue) -> Mask:
    """(n,) whether it says of itself that it came on the market of late."""
    days: Floats = np.asarray(catalogue.columns["days_on_market"], dtype=np.float64)
    return np.asarray(days <= NEW_DAYS)
