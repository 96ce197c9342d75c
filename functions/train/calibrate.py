"""What the cosine means: a probability where dealings were held out for it, a cautious guess elsewhere."""

from dataclasses import replace

import numpy as np

from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import HISTORY_LIMIT, KIND_CODE, POSITIVE_KINDS
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.evaluation.scoring import pair_cosines
from portfolio_twin.model.calibration import Confidence, Platt, logit
from portfolio_twin.model.twin import Twin

PAIRS_NEEDED = 20  # of each class, below which a calibration would be fitted to chance
SHORTENED = (1, 2, 5)  # properties left of each history, beside the whole: so confidence learns what evidence is worth
FAR_QUANTILE = 0.8  # of random pairs of properties: without held-out dealings a match must be nearer than these
SURE_OF_A_COPY = 0.9  # the guessed affinity for a property just like those of the investor
RANDOM_PAIRS = 10_000


def calibrate(twin: Twin, data: TrainingData) -> Twin:
    """With Platt and confidence fitted on the validation pairs; unchanged where those are too few.

    Whoever has no history is judged by the market's taste, whose cosines lie on another scale: that has its own Platt.
    """
    validation, labels = data.validation, data.validation.labels.astype(np.float64)
    if min((labels == 1).sum(), (labels == 0).sum()) < PAIRS_NEEDED:
        return twin
    limits = (0, *SHORTENED, HISTORY_LIMIT)
    shortened = [validation.shortened(limit) for limit in limits]
    cosines = [pair_cosines(twin, twin.property_vectors, queries) for queries in shortened]
    present = [twin.present(queries.histories, twin.property_vectors) for queries in shortened]
    evidence = [histories.evidence[validation.pair_owners] for histories in present]
    met = evidence[-1] > 0
    twin = replace(
        twin, calibration=Platt.fit(cosines[-1][met], labels[met]), market_calibration=Platt.fit(cosines[0], labels)
    )
    if twin.kind == "content":
        return twin
    affinity = [twin.probability(c, e) for c, e in zip(cosines, evidence, strict=True)]
    confidence = Confidence.fit(np.concatenate(affinity), np.concatenate(evidence), np.tile(labels, len(limits)))
    return replace(twin, confidence=confidence)


def guess(vectors: Matrix, seed: int) -> Platt:
    """Platt from the catalogue alone: 0.5 where a property is nearer than most random pairs are. vectors (n, d)."""
    first, second = np.random.default_rng(seed).integers(len(vectors), size=(2, RANDOM_PAIRS))
    cosines = np.einsum("pd,pd->p", vectors[first], vectors[second])
    far = min(float(np.quantile(cosines, FAR_QUANTILE)), 0.95)
    slope = float(logit(np.array(SURE_OF_A_COPY))) / (1 - far)
    return Platt(slope, -slope * far)


def base_rate(dataset: Dataset) -> float:
    """The share of the catalogue that an investor with any dealings makes a deal on or likes."""
    log, rows = dataset.log, dataset.rows
    positive = np.isin(log.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS]) & (rows != UNKNOWN)
    wanted = set(zip(log.users[positive].tolist(), rows[positive].tolist(), strict=True))
    users, properties = len(np.unique(log.users)), len(dataset.catalogue)
    return len(wanted) / (users * properties) if users and properties else 0.0
