"""From a tower to a twin: the vectors of everything and everybody, and what they are measured against."""

from typing import NamedTuple

import numpy as np

from functions.train.decide import Decisions
from functions.train.tower.fitted import FittedTower
from functions.train.training_data import TrainingData
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.extent import Extent
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.scoring.offer import Offer
from portfolio_twin.model.twin import ModelKind, Twin


class Design(NamedTuple):
    """What is to be made of the data."""

    version: str
    kind: ModelKind
    config: TwinConfig


def assemble(data: TrainingData, tower: FittedTower, design: Design, decisions: Decisions) -> Twin:
    """The twin as it will serve, without a ranking layer."""
    config = design.config
    vectors = tower.encoder(data.X)
    user_ids = np.unique(data.dataset.log.users)
    centred = vectors - vectors.mean(axis=0)
    histories = Histories.of(data.dataset, user_ids).present(centred, config.change_of_taste)
    return Twin(
        version=design.version,
        kind=design.kind,
        config=config,
        schema=data.schema,
        extent=Extent.learn(data.schema, data.schema.read(data.dataset.catalogue)),
        encoder=tower.encoder,
        market_taste=tower.market_taste,
        slope=decisions.slope,
        confidence=decisions.confidence,
        learnt_until=int(data.dataset.log.times.max(initial=-1)) + 1,
        base_rate=base_rate(data.dataset),
        offer=Offer.draw(data.X, config.seed),
        property_ids=data.dataset.catalogue.ids,
        property_vectors=vectors,
        user_ids=user_ids,
        user_vectors=histories.pool(vectors, tower.market_taste),
        user_evidence=histories.evidence,
    )


def base_rate(dataset: Dataset) -> float:
    """The share of the catalogue that an investor with any dealings makes a deal on or likes."""
    log, rows = dataset.log, dataset.rows
    positive = np.isin(log.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS]) & (rows != UNKNOWN)
    wanted = set(zip(log.users[positive].tolist(), rows[positive].tolist(), strict=True))
    users, properties = len(np.unique(log.users)), len(dataset.catalogue)
    return len(wanted) / (users * properties) if users and properties else 0.0
