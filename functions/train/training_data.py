"""What a training works on: the data, what may be learnt from, the features, the validation queries."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import DAY_SECONDS, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import VALIDATION, Holdout, thin_validation, training_log
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.features import FeatureSchema


@dataclass(frozen=True)
class TrainingData:
    """n properties, all of which are in every part."""

    dataset: Dataset  # the whole log
    learnt_from: Dataset  # the part of it that may be trained on
    validation: Queries
    schema: FeatureSchema
    X: Matrix  # (n, w)
    lookback_days: int | None = None

    @classmethod
    def of(
        cls, snapshot: Snapshot, config: TwinConfig, *, val_split: float = 1.0, lookback_days: int | None = None
    ) -> Self:
        """Without the validation and test targets; `val_split` is the share of the held-out investors whose validation
        target is kept back.
        """
        dataset, holdout = snapshot.dataset, thin_validation(snapshot.holdout, val_split, config.seed)
        schema = FeatureSchema.learn(dataset.catalogue)
        everything = cls(
            dataset=dataset,
            learnt_from=dataset,
            validation=Queries.of(dataset, holdout, VALIDATION),
            schema=schema,
            X=schema.vectorise(dataset.catalogue),
            lookback_days=lookback_days,
        )
        return everything._hiding(holdout)

    def again(self, holdout: Holdout) -> Self:
        """The same data without these targets alone, and with nothing to validate on."""
        return replace(self._hiding(holdout), validation=self._nothing)

    def _hiding(self, holdout: Holdout) -> Self:
        log, days = training_log(self.dataset.log, holdout), self.lookback_days
        if days is not None and len(log):
            log = log.take(log.times >= self.dataset.log.times.max() - days * DAY_SECONDS)
        return replace(self, learnt_from=self.dataset.with_log(log))

    def without(self, users: Numbers) -> Self:
        """Nothing learnt from these investors (u,), and nothing to validate on."""
        kept = self.learnt_from.take(~np.isin(self.learnt_from.log.users, users))
        return replace(self, learnt_from=kept, validation=self._nothing)

    @property
    def _nothing(self) -> Queries:
        return Queries.of(self.dataset, Holdout.empty(), VALIDATION)
