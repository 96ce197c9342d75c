"""What the first fit settles on the validation targets; everything is then learnt again with them."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from functions.train.ranking.conditional_logit import COSINE_SPREAD, fit_choice
from functions.train.training_data import TrainingData
from portfolio_twin.domain.interactions import HISTORY_LIMIT
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import TwinAnswers, investors
from portfolio_twin.model.scoring.confidence import Confidence
from portfolio_twin.model.twin import Twin

VALIDATIONS_NEEDED = 20  # below which anything would be fitted to chance
# Properties left of each history, beside the whole: so confidence learns what evidence is worth.
SHORTENED = (0, 1, 2, 5)
CONFIDENCE_QUERIES = 400  # investors asked for it, drawn by seed
SLOPE_CANDIDATES = 192  # of a choice: the chosen one and others drawn at random
# Where nothing was held out: a property just like the investor's own is some ten times likelier than the average one.
SLOPE_UNTOLD = 3.0


@dataclass(frozen=True)
class Decisions:
    """For every later learning from the same data."""

    slope: float = SLOPE_UNTOLD  # of the tower's cosine, as log-odds of a choice
    confidence: Confidence = field(default_factory=Confidence.content)
    ranking: bool = False  # whether the ranking layer pays
    learnt_scales: bool = False  # whether its kernel's scales are learnt
    compares: bool = False  # whether it compares place, attributes and years by themselves

    def to_json(self) -> dict[str, Any]:
        layer = {"ranking": self.ranking, "learnt_scales": self.learnt_scales, "compares": self.compares}
        return {"slope": self.slope, **layer}


def measure_slope(twin: Twin, validation: Queries) -> float:
    """The weight of the cosine in a conditional logit over the validation targets; SLOPE_UNTOLD for too few."""
    if len(validation.users) < VALIDATIONS_NEEDED:
        return SLOPE_UNTOLD
    rng, n = np.random.default_rng(twin.config.seed), len(twin.property_vectors)
    others = rng.integers(n, size=(len(validation.users), min(SLOPE_CANDIDATES, n) - 1))
    candidates = np.column_stack([validation.targets, others])
    users = investors(twin, twin.property_vectors, validation)  # (q, d)
    cosines = np.einsum("qd,qmd->qm", users, twin.property_vectors[candidates])
    return max(float(fit_choice(cosines[:, :, None], np.array([COSINE_SPREAD]))[0]), 0.0)


def measure_confidence(twin: Twin, data: TrainingData) -> Confidence:
    """How often the twin's answers about the validation pairs are right, by how clear they are and by the evidence."""
    validation = data.validation.sample(CONFIDENCE_QUERIES)
    if twin.kind == "content" or len(validation.users) < VALIDATIONS_NEEDED:
        return Confidence.content()
    # As in serving the log-odds are against the offer: a larger catalogue is no more work.
    rows = np.union1d(twin.offer.rows, validation.mentioned)
    answers, validation = TwinAnswers(twin, data.dataset.among(rows)), validation.among(rows)
    offered = np.isin(rows, twin.offer.rows)
    asked = [validation.shortened(limit) for limit in (*SHORTENED, HISTORY_LIMIT)]
    log_odds = np.concatenate([answers.judged(queries, offered=offered).all().log_odds for queries in asked])
    evidence = np.concatenate([answers.evidence(queries) for queries in asked])
    return Confidence.fit(log_odds, evidence, np.tile(validation.labels.astype(np.float64), len(asked)))
