"""The second protocol: where a property sells once, what somebody else has bought is no longer to be had."""

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.evaluation.queries import Queries

FEWEST_CANDIDATES = 50  # in the median
FEWEST_TARGETS = 0.5  # of them still to be had: where most are not, a target stands out by having been bought


@dataclass(frozen=True)
class StillToBeHad:
    """`Candidates`: of each query the properties that nobody had bought before its time. The target is one always."""

    first_deals: Numbers  # (n,) seconds, of the first deal with each property
    queries: Queries

    @classmethod
    def of(cls, dataset: Dataset, queries: Queries) -> Self:
        first_deals = np.full(len(dataset.catalogue), np.iinfo(np.int64).max)
        deals = (dataset.log.kinds == KIND_CODE["deal"]) & (dataset.rows != UNKNOWN)
        np.minimum.at(first_deals, dataset.rows[deals], dataset.log.times[deals])
        return cls(first_deals, queries)

    def __call__(self, chunk: slice) -> Mask:
        """(chunk, n)"""
        return np.asarray(self.first_deals >= self.queries.times[chunk, None])

    @cached_property
    def candidates(self) -> int:
        """The median over the queries."""
        gone = np.searchsorted(np.sort(self.first_deals), self.queries.times)  # (q,)
        return int(np.median(len(self.first_deals) - gone)) if len(gone) else 0

    @cached_property
    def targets(self) -> float:
        """The share of them that is still to be had."""
        open_ = self.first_deals[self.queries.targets] >= self.queries.times
        return float(open_.mean()) if len(open_) else 0.0

    @property
    def makes_sense(self) -> bool:
        """Not where properties are sold again and again."""
        return self.candidates >= FEWEST_CANDIDATES and self.targets >= FEWEST_TARGETS

    @property
    def protocol(self) -> str:
        """As the results say it."""
        counts = f"{self.candidates:,} candidates in the median, {self.targets:.0%} of the targets among them"
        if self.makes_sense:
            return (
                "Still to be had: ranked are the properties that nobody had bought before the target's time, and the "
                f"target: {counts}. Settings of the rivals are those chosen for the full list."
            )
        return (
            "What is still to be had is not ranked apart: of what nobody had bought before the target's time there are "
            f"{counts}; {FEWEST_CANDIDATES} and {FEWEST_TARGETS:.0%} are needed."
        )
