"""From a tower to a twin: the vectors of everything and everybody, and what its numbers mean."""

import numpy as np

from functions.train.calibrate import base_rate, calibrate, guess
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.calibration import Confidence
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.histories import histories_before
from portfolio_twin.model.twin import ModelKind, Twin, choose_landmarks


def assemble(
    version: str,
    kind: ModelKind,
    config: TwinConfig,
    schema: FeatureSchema,
    encoder: PropertyEncoder,
    global_vector: Matrix,
    catalogue: Catalogue,
    log: InteractionLog,
    validation: Queries,
) -> Twin:
    """The twin as it will serve. `log` is the whole log."""
    X = schema.vectorise(catalogue)
    vectors = encoder(X)
    user_ids = np.unique(log.users)
    known = histories_before(log, catalogue.ids, user_ids)
    histories = known.present(vectors - vectors.mean(axis=0), config.change_of_taste)
    pooled = histories.pool(vectors, global_vector)
    landmarks, distance = choose_landmarks(X, config.seed)
    uncalibrated = Twin(
        version, kind, config, schema, encoder, global_vector, guess(vectors, config.seed), Confidence.content(),
        base_rate(catalogue, log), landmarks, distance, catalogue.ids, vectors, user_ids, pooled, histories.evidence,
    )  # fmt: skip
    return calibrate(uncalibrated, X, validation)
