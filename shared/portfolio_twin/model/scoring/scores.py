"""The scores of some properties for one investor, and what each is made of: one scale, log-odds.

A score of 0 says: as likely to be chosen next as the average property on offer. See `Normaliser`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from portfolio_twin.domain.arrays import Floats, Matrix, Numbers
from portfolio_twin.model.comparison import OF_THE_YEAR
from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.features import Features, FeatureSchema
from portfolio_twin.model.ranking import ACTIVITY, TERMS, Past
from portfolio_twin.model.scoring.explanation import cosine_parts
from portfolio_twin.model.scoring.offer import Normaliser
from portfolio_twin.model.twin import Taste, Twin

COSINE = TERMS.index("cosine")
BESIDE_COSINE = {  # the other terms, as reasons name them
    name: tuple(TERMS.index(term) for term in terms)
    for name, terms in {
        "nearest": ("near",), "distance": ("place",), "alike": ("attributes", "each"), "year": OF_THE_YEAR,
        "together": ("together",), "activity": TERMS[ACTIVITY:],
    }.items()
}  # fmt: skip


@dataclass(frozen=True)
class Scores:
    """m properties for one investor."""

    log_odds: Floats  # (m,)
    baseline: float  # the log-odds of the average property
    features: Features  # of the m properties
    schema: FeatureSchema
    encoder: PropertyEncoder  # the tower whose cosine is part of the score
    investor: Matrix  # (d,)
    weight: float  # of the cosine
    average: Matrix  # (w,) the average property, where the cosine's parts begin
    others: Mapping[str, Floats] = field(default_factory=dict)  # (m,) what the score has beside the cosine, by name

    def contributions(self, rows: Sequence[int]) -> list[dict[str, float]]:
        """What each input and each other term adds to the log-odds of the average property, the largest first.

        They sum to `log_odds` less `baseline`, up to 1e-3.
        """
        asked = self.features.X[list(rows)]
        parts = self.weight * cosine_parts(self.encoder, self.investor, self.average, asked)  # (rows, w)
        inputs = {name: parts[:, list(columns)].sum(axis=1) for name, columns in self.schema.groups.items()}
        everything = inputs | {name: values[list(rows)] for name, values in self.others.items()}
        each = ({name: float(values[i]) for name, values in everything.items()} for i in range(len(rows)))
        return [dict(sorted(one.items(), key=lambda item: -abs(item[1]))) for one in each]


def score_by_tower(twin: Twin, taste: Taste, features: Features) -> Scores:
    """By the taste alone: what can be said of any property, whoever has it."""
    ends = np.vstack((twin.offer.average, features.X))
    baseline, *log_odds = twin.log_odds(taste, twin.encoder(ends)).tolist()
    return Scores(
        log_odds=np.array(log_odds), baseline=baseline, features=features, schema=twin.schema, encoder=twin.encoder,
        investor=taste.vector, weight=twin.slope, average=twin.offer.average,
    )  # fmt: skip


@dataclass(frozen=True)
class LayerQuestion:
    """What one investor is scored by: their past, and what their scores are measured against."""

    past: Past
    normaliser: Normaliser
    discover: bool = False


def score_by_layer(twin: Twin, asked: LayerQuestion, features: Features, *, rows: Numbers, activity: Matrix) -> Scores:
    """By the ranking layer: properties as they stand in this market. rows (m,), activity (m, windows) as in `terms`.

    One that came later keeps the company of the one that it is alike, if any.
    Raises ValueError for a twin without one.
    """
    layer = twin.ranking
    if layer is None:
        raise ValueError("this twin has no ranking layer")
    past, normaliser = asked.past, asked.normaliser
    weights = layer.weights_for(past.length, discover=asked.discover).astype(np.float64)
    investor, average = layer.investor(past), twin.offer.average
    cosines = layer.encoder(np.vstack((average, features.X))) @ investor
    terms = layer.terms(cosines[1:], features.X, twin.stand_ins(rows, features.X), activity=activity, past=past)
    above = (terms - normaliser.terms) * weights
    start = float(weights @ normaliser.terms) + weights[COSINE] * float(cosines[0] - normaliser.terms[COSINE])
    others = {name: above[:, list(columns)].sum(axis=1) for name, columns in BESIDE_COSINE.items()}
    return Scores(
        log_odds=terms @ weights - normaliser.log_mean, baseline=start - normaliser.log_mean, features=features,
        schema=twin.schema, encoder=layer.encoder, investor=investor, weight=float(weights[COSINE]), average=average,
        others=others,
    )  # fmt: skip
