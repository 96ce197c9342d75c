"""The ranking layer: a small linear layer that sorts the candidates which the tower retrieved."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.model.activity import IN_USE_DAYS, WINDOWS_DAYS
from portfolio_twin.model.comparison import BESIDE_HISTORY, COMPARED, Comparison, distances
from portfolio_twin.model.cooccurrence import Neighbours
from portfolio_twin.model.encoder import PropertyEncoder, pool_history

# What speaks for a candidate: first the taste, from TASTE on what others do, from ACTIVITY on how much of it.
TERMS = ("cosine", "near", *COMPARED, "together", "popularity", "year", "quarter", "month", "in_use")
TASTE, ACTIVITY = TERMS.index("together"), TERMS.index("popularity")
OF_HISTORY = ("near", *BESIDE_HISTORY, "together")  # 0 for an investor without one
FLOOR_QUANTILE, IN_USE = 0.25, WINDOWS_DAYS.index(IN_USE_DAYS)
WANTED_WEIGHT = 0.99  # of deals and likes; lighter entries of a history were looked at
ORDINARY, DISCOVER, UNKNOWN_INVESTOR = (0, 1), (2, 3), 4  # rows of the weights
WEIGHT_ROWS = 5


@dataclass(frozen=True)
class Past:
    """The history of one investor as the layer sees it, h entries."""

    X: Matrix  # (h, w) features
    weights: Matrix  # (h,) signed, by kind
    rows: Numbers  # (h,) among the bundle's properties, UNKNOWN for one that came later
    at: int  # seconds, when it is asked about; in serving when the model stopped learning, as for the activity

    @classmethod
    def nothing(cls, width: int, at: int) -> Self:
        """Of somebody who has done nothing yet; w is the width."""
        return cls(np.zeros((0, width), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64), at)

    @property
    def length(self) -> int:
        """Of the history; 0 where nothing in it speaks for anything: dislikes alone leave the market's taste."""
        return len(self.weights) if (self.weights > 0).any() else 0


@dataclass(frozen=True)
class RankingLayer:
    """score = terms · (base + by_length · log(history length / 2)): a conditional logit.

    McFadden, "Conditional logit analysis of qualitative choice behavior" (1974). n properties, w features.
    """

    weights: Matrix  # (5, terms): base and by_length of the ordinary list, the same of "discover new", no history
    encoder: PropertyEncoder  # a tower of its own: what popularity explains, its cosine need not
    market_taste: Matrix  # (d,) u₀ of that tower
    scales: Matrix  # (w,) of the distance under the kernel exp(−|scales ∘ (x − xⱼ)|)
    neighbours: Neighbours
    activity: Matrix  # (n, windows) log1p of the interactions in each of WINDOWS_DAYS before the snapshot's end
    comparison: Comparison | None = None  # None where its terms do not pay: they are 0

    def activity_of(self, rows: Numbers) -> Matrix:
        """(m, windows) as of the snapshot; a property that came later gets the floor."""
        return np.where(rows[:, None] != UNKNOWN, self.activity[np.maximum(rows, 0)], self.floor)

    @cached_property
    def floor(self) -> Matrix:
        """(windows,) of a quieter one of the properties in use: nothing says of a new one that it is dead. Where each
        property sells once, what was dealt with is gone, and a new one is what nobody has dealt with.
        """
        in_use = self.activity[self.activity[:, IN_USE] > 0]
        if len(in_use) == 0 or not self.wants_company:
            return np.zeros(self.activity.shape[1], dtype=np.float32)
        return np.asarray(np.quantile(in_use, FLOOR_QUANTILE, axis=0))

    @cached_property
    def wants_company(self) -> bool:
        """Whether what others have dealt with of late stands higher for it."""
        in_use = self.activity[self.activity[:, IN_USE] > 0]
        usual = np.append(in_use.mean(axis=0) if len(in_use) else np.zeros(self.activity.shape[1]), 1.0)
        return bool(usual @ self.weights[ORDINARY[0], ACTIVITY:] >= 0)

    @cached_property
    def usual_activity(self) -> Matrix:
        """(windows,) interactions with a property in use, on average."""
        in_use = self.activity[self.activity[:, IN_USE] > 0]
        return np.asarray(np.expm1(in_use).mean(axis=0) if len(in_use) else np.zeros(self.activity.shape[1]))

    def golden(self, x: Matrix) -> float:
        """Scores of property x (w,) for who wanted one that is average in all, summed: every tensor has a part."""
        past = Past((x * 0)[None], np.ones(1, dtype=np.float32), np.zeros(1, dtype=np.int64), at=0)
        row = np.append(self.neighbours.rows[: self.neighbours.starts[1]], 0)[:1].astype(np.int64)
        cosines, activity = self.cosines(x[None], past), self.activity_of(row)
        terms = self.terms(cosines, x[None], row, activity=activity, past=past)
        return float(sum(self.score(terms, length, discover=new)[0] for length in (0, 1, 3) for new in (False, True)))

    def investor(self, past: Past) -> Matrix:
        """(d,) as the layer's own tower sees them."""
        return pool_history(self.encoder(past.X), past.weights, self.market_taste)

    def cosines(self, X: Matrix, past: Past) -> Matrix:
        """(m,) of candidates X (m, w) and the investor, both as the layer's own tower sees them."""
        return np.asarray(self.encoder(X) @ self.investor(past))

    def terms(self, cosines: Matrix, X: Matrix, rows: Numbers, *, activity: Matrix, past: Past) -> Matrix:
        """(m, terms) of candidates: cosines (m,), X (m, w), rows (m,) as in `Past`, activity (m, windows)."""
        terms = np.zeros((len(cosines), len(TERMS)), dtype=np.float32)
        terms[:, 0] = cosines
        wanted = past.X[past.weights >= WANTED_WEIGHT]
        if len(wanted):
            terms[:, 1] = np.exp(-distances(wanted * self.scales, X * self.scales).min(axis=0))
        if self.comparison:
            terms[:, 2:TASTE] = self.comparison.terms(X, wanted, past.at)
        if len(past.weights):
            terms[:, TASTE] = self.neighbours.to(past.rows, np.maximum(past.weights, 0), rows)
        terms[:, ACTIVITY:-1] = activity
        terms[:, -1] = activity[:, IN_USE] > 0
        return terms

    def score(self, terms: Matrix, length: int, *, discover: bool = False) -> Matrix:
        """(m,) for an investor with so many properties in their history."""
        return np.asarray(terms @ self.weights_for(length, discover=discover))

    def weights_for(self, length: int, *, discover: bool = False) -> Matrix:
        """(terms,)"""
        if length == 0:
            return np.asarray(self.weights[UNKNOWN_INVESTOR])
        base, by_length = self.weights[list(DISCOVER if discover else ORDINARY)]
        return np.asarray(base + by_length * np.float32(np.log(length / 2)))
