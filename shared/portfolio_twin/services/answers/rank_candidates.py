"""The ranking layer: the candidates in the order in which this investor would choose among them, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.features import Features
from portfolio_twin.model.ranking import ACTIVITY, TERMS, WANTED_WEIGHT, Past, RankingLayer, distances
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import Reason
from portfolio_twin.services.answers.know_investor import Dealing

WORTH_TELLING = 0.1  # of the log-odds, over the average candidate
ACTED = {"deal": "you made a deal on", "like": "you liked"}


@dataclass(frozen=True)
class Candidates:
    """m properties that may be recommended."""

    hits: Sequence[PropertyHit]
    features: Features
    vectors: Matrix  # (m, d)

    @classmethod
    def of(cls, twin: Twin, hits: Sequence[PropertyHit]) -> "Candidates":
        features = features_of(twin, hits)
        return cls(hits, features, twin.encoder(features.X))


@dataclass(frozen=True)
class Ranked:
    """The candidates' scores (m,), and what each term adds to them over the average candidate (m, terms)."""

    layer: RankingLayer
    history: Sequence[Dealing]
    past: Past
    X: Matrix  # (m, w) of the candidates
    terms: Matrix  # (m, terms)
    weights: Matrix  # (terms,)

    @cached_property
    def scores(self) -> Matrix:
        return np.asarray(self.terms @ self.weights)

    @cached_property
    def contributions(self) -> Matrix:
        return np.asarray((self.terms - self.terms.mean(axis=0)) * self.weights)

    def reasons(self, i: int) -> list[Reason]:
        """What set this candidate apart from the others, the most telling first."""
        worth = {TERMS[t]: float(value) for t, value in enumerate(self.contributions[i]) if value > WORTH_TELLING}
        activity = sum(value for name, value in worth.items() if TERMS.index(name) >= ACTIVITY)
        reasons = []
        if "near" in worth:
            reasons.append(Reason(input="nearest", contribution=worth["near"], text=f"like the {self._nearest(i)}"))
        if "together" in worth:
            text = "investors who acted on the same properties as you acted on this one"
            reasons.append(Reason(input="together", contribution=worth["together"], text=text))
        if activity and (count := round(float(np.expm1(self.terms[i, TERMS.index("month")])))):
            text = f"{count} interaction{'s' if count > 1 else ''} with it in the last 30 days of the data"
            reasons.append(Reason(input="activity", contribution=activity, text=text))
        return sorted(reasons, key=lambda reason: -reason.contribution)

    def _nearest(self, i: int) -> str:
        gaps = distances(self.X[i : i + 1] * self.layer.scales, self.past.X * self.layer.scales)[0]
        kind, hit = self.history[int(np.argmin(np.where(self.past.weights >= WANTED_WEIGHT, gaps, np.inf)))]
        where = f" in {hit.payload['zipcode']}" if hit.payload.get("zipcode") else ""
        return f"{hit.payload.get('property_type') or 'property'}{where} that {ACTED[kind]}"


def rank_candidates(
    twin: Twin, layer: RankingLayer, history: Sequence[Dealing], candidates: Candidates, *, discover: bool
) -> Ranked:
    """By the twin's ranking layer; `discover` leaves out what everybody in this market does."""
    stored = [hit for _, hit in history]
    past = Past(
        features_of(twin, stored).X,
        np.array([KIND_WEIGHTS[kind] for kind, _ in history], dtype=np.float32),
        twin.rows_of(hit.property_id for hit in stored),
    )
    rows = twin.rows_of([hit.property_id for hit in candidates.hits])
    cosines = layer.cosines(candidates.features.X, past)
    terms = layer.terms(cosines, candidates.features.X, rows, activity=layer.activity_of(rows), past=past)
    return Ranked(
        layer=layer,
        history=history,
        past=past,
        X=candidates.features.X,
        terms=terms,
        weights=layer.weights_for(len(history), discover=discover),
    )


def features_of(twin: Twin, hits: Sequence[PropertyHit]) -> Features:
    return twin.schema.read(Catalogue.from_rows([hit.property_id for hit in hits], [hit.payload for hit in hits]))
