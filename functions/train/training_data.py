"""What one training works on, made once: the data, what may be learnt from, the features, the validation queries."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import DAY_SECONDS, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import VALIDATION, thin_validation, training_log
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

    @classmethod
    def of(
        cls, snapshot: Snapshot, config: TwinConfig, *, val_split: float = 1.0, lookback_days: int | None = None
    ) -> Self:
        """`val_split` is the share of the held-out investors whose validation target is kept back."""
        dataset, holdout = snapshot.dataset, thin_validation(snapshot.holdout, val_split, config.seed)
        log = training_log(dataset.log, holdout)
        if lookback_days is not None and len(log):
            log = log.take(log.times >= dataset.log.times.max() - lookback_days * DAY_SECONDS)
        schema = FeatureSchema.learn(dataset.catalogue)
        return cls(
            dataset=dataset,
            learnt_from=dataset.with_log(log),
            validation=Queries.of(dataset, holdout, VALIDATION),
            schema=schema,
            X=schema.vectorise(dataset.catalogue),
        )

    def without(self, users: Numbers) -> Self:
        """Nothing learnt from these investors (u,)."""
        return replace(self, learnt_from=self.learnt_from.take(~np.isin(self.learnt_from.log.users, users)))
