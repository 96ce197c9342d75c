"""From a tower to a twin: vectors of everything and everybody, the calibration, what it knows about its own reach."""

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS, InteractionLog
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.calibration import Confidence, Floats, Platt, logit
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import Matrix, PropertyEncoder
from portfolio_twin.model.evaluation import Queries
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.histories import histories_before
from portfolio_twin.model.twin import ModelKind, Twin, choose_landmarks

PAIRS_NEEDED = 20  # of each class, below which a calibration would be fitted to chance
SHORTENED = (0, 1, 2, 5)  # properties left of a history, beside the whole, so that confidence learns what evidence is worth
FAR_QUANTILE = 0.8  # of random pairs of properties: without held-out dealings a match must be nearer than these
SURE_OF_IDENTICAL = 0.9  # and a property like those of the investor is as good as this


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
    table: tuple[npt.NDArray[np.int64], Matrix] | None = None,
) -> Twin:
    """The twin as it will serve. `log` is the whole log; `table` the ids and vectors of a design with a user table."""
    X = schema.vectorise(catalogue)
    vectors = encoder(X)
    user_ids = np.unique(log.users)
    histories = histories_before(log, catalogue.ids, user_ids).recent()
    known = histories.lengths > 0  # who only ever touched what is gone is as good as new
    pooled = histories.pool(vectors, global_vector)
    if table:
        user_ids, pooled, evidence = table[0], table[1], np.ones(len(table[0]), dtype=np.float32)
    else:
        user_ids, pooled, evidence = user_ids[known], pooled[known], histories.evidence[known]
    landmarks, distance = choose_landmarks(X, config.seed)
    uncalibrated = Twin(
        version, kind, config, schema, encoder, global_vector, _guess(vectors, config.seed), Confidence.content(),
        _base_rate(catalogue, log), landmarks, distance, catalogue.ids, vectors, user_ids, pooled, evidence,
    )  # fmt: skip
    return calibrate(uncalibrated, X, validation)
