"""The questions of a test: what to rank for whom, which pairs to judge, and what each investor had done by then."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.domain.split import Holdout
from portfolio_twin.model.histories import Histories

SAMPLE_SEED = 0


@dataclass(frozen=True)
class Queries:
    """q investors, each with one target; and p pairs of an investor and a property, to be classified."""

    users: Numbers  # (q,)
    targets: Numbers  # (q,) rows of the catalogue
    times: Numbers  # (q,) seconds, of the target
    histories: Histories  # what each had done before that time
    pair_owners: Numbers  # (p,) the query that each pair belongs to
    pair_properties: Numbers  # (p,) rows of the catalogue
    labels: npt.NDArray[np.int8]  # (p,)

    @classmethod
    def of(cls, dataset: Dataset, holdout: Holdout, split: int) -> Self:
        """Targets that the catalogue has; one per investor, in the order of their ids."""
        pairs = holdout.of(split)
        properties = dataset.catalogue.rows_of(pairs.properties)
        asked = np.flatnonzero((pairs.labels == 1) & (properties != UNKNOWN))
        asked = asked[np.argsort(pairs.users[asked])]
        users, targets, times = pairs.users[asked], properties[asked], pairs.times[asked]
        whose = np.minimum(np.searchsorted(users, pairs.users), max(len(users) - 1, 0))
        kept = properties != UNKNOWN
        kept &= users[whose] == pairs.users if len(users) else False
        return cls(
            users=users,
            targets=targets,
            times=times,
            histories=Histories.of(dataset, users, before=times, without=targets),
            pair_owners=whose[kept],
            pair_properties=properties[kept],
            labels=pairs.labels[kept],
        )

    @classmethod
    def without_pairs(cls, users: Numbers, targets: Numbers, times: Numbers, histories: Histories) -> Self:
        """Questions of the ranking alone. users, targets, times (q,)."""
        none = np.zeros(0, dtype=np.int64)
        return cls(
            users=users, targets=targets, times=times, histories=histories, pair_owners=none, pair_properties=none,
            labels=none.astype(np.int8),
        )  # fmt: skip

    def shortened(self, limit: int) -> Self:
        """The same questions with only the latest so many properties of each history to go by."""
        return self.with_histories(self.histories.recent(limit))

    def with_histories(self, histories: Histories) -> Self:
        return replace(self, histories=histories)

    def take(self, kept: Mask) -> Self:
        """The questions of some of the investors, kept (q,)."""
        position, pairs = np.cumsum(kept) - 1, kept[self.pair_owners]
        histories = self.histories.take(kept[self.histories.owners])
        return replace(
            self,
            users=self.users[kept],
            targets=self.targets[kept],
            times=self.times[kept],
            histories=replace(histories, owners=position[histories.owners], count=int(kept.sum())),
            pair_owners=position[self.pair_owners[pairs]],
            pair_properties=self.pair_properties[pairs],
            labels=self.labels[pairs],
        )

    def among(self, rows: Numbers) -> Self:
        """The same questions in a catalogue of these rows (r,) alone, ascending: `mentioned` must be there."""
        histories = self.histories
        return replace(
            self,
            targets=np.searchsorted(rows, self.targets),
            histories=replace(histories, properties=np.searchsorted(rows, histories.properties)),
            pair_properties=np.searchsorted(rows, self.pair_properties),
        )

    @property
    def mentioned(self) -> Numbers:
        """(r,) rows of all that is asked about, ascending, and of what the investors had done."""
        return np.unique(np.concatenate([self.targets, self.histories.properties, self.pair_properties]))

    def sample(self, limit: int) -> Self:
        """At most so many of them, drawn by seed."""
        order = np.random.default_rng(SAMPLE_SEED).permutation(len(self.users))
        return self.take(order < limit)
