"""From a tower to a twin: the vectors of everything and everybody, and what its numbers mean."""

import numpy as np

from functions.train.calibrate import base_rate, calibrate, guess
from functions.train.tower.fitted import FittedTower
from functions.train.training_data import TrainingData
from portfolio_twin.model.calibration import Confidence
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.twin import ModelKind, Twin, choose_landmarks


def assemble(data: TrainingData, tower: FittedTower, config: TwinConfig, *, version: str, kind: ModelKind) -> Twin:
    """The twin as it will serve, without a ranking layer."""
    vectors = tower.encoder(data.X)
    user_ids = np.unique(data.dataset.log.users)
    centred = vectors - vectors.mean(axis=0)
    histories = Histories.of(data.dataset, user_ids).present(centred, config.change_of_taste)
    uncalibrated = Twin(
        version=version,
        kind=kind,
        config=config,
        schema=data.schema,
        extent=Extent.learn(data.schema, data.schema.read(data.dataset.catalogue)),
        encoder=tower.encoder,
        market_taste=tower.market_taste,
        calibration=guess(vectors, config.seed),
        confidence=Confidence.content(),
        base_rate=base_rate(data.dataset),
        landmarks=choose_landmarks(data.X, config.seed),
        property_ids=data.dataset.catalogue.ids,
        property_vectors=vectors,
        user_ids=user_ids,
        user_vectors=histories.pool(vectors, tower.market_taste),
        user_evidence=histories.evidence,
    )
    return calibrate(uncalibrated, data)
