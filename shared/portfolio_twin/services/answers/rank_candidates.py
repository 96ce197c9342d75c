"""The second step: the candidates in the order in which this investor would choose among them, and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portfolio_twin.adapters.qdrant.index import PropertyHit
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.ranking import ACTIVITY, TERMS, WANTED_WEIGHT, Past, RankingLayer, distances
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.find_candidates import Stored
from portfolio_twin.services.answers.give_reasons import Reason
from portfolio_twin.services.answers.know_investor import Investor

WORTH_TELLING = 0.1  # of the log-odds, over the average candidate
ACTED = {"deal": "you made a deal on", "like": "you liked"}


@dataclass(frozen=True)
class Ranked:
    """The candidates' scores (m,), and what each term adds to them over the average candidate (m, terms)."""

    scores: Matrix
    contributions: Matrix
    terms: Matrix
    X: Matrix  # (m, w) of the candidates
    past: Past
    rows: Sequence[tuple[str, Mapping[str, Any]]]  # kind and fields of each entry of the past

    def reasons(self, i: int, layer: RankingLayer) -> list[Reason]:
        """What set this candidate apart from the others, the most telling first."""
        told = {TERMS[t]: float(value) for t, value in enumerate(self.contributions[i]) if value > WORTH_TELLING}
        activity = sum(value for name, value in told.items() if TERMS.index(name) >= ACTIVITY)
        found = []
        if "near" in told:
            text = f"like the {self._nearest(i, layer)}"
            found.append(Reason(input="nearest", contribution=told["near"], text=text))
        if "together" in told:
            text = "investors who acted on the same properties as you acted on this one"
            found.append(Reason(input="together", contribution=told["together"], text=text))
        if activity and (count := round(float(np.expm1(self.terms[i, TERMS.index("month")])))):
            text = f"{count} interaction{'s' if count > 1 else ''} with it in the last 30 days of the data"
            found.append(Reason(input="activity", contribution=activity, text=text))
        return sorted(found, key=lambda reason: -reason.contribution)

    def _nearest(self, i: int, layer: RankingLayer) -> str:
        gaps = distances(self.X[i : i + 1] * layer.scales, self.past.X * layer.scales)[0]
        kind, row = self.rows[int(np.argmin(np.where(self.past.weights >= WANTED_WEIGHT, gaps, np.inf)))]
        place = f" in {row['zipcode']}" if row.get("zipcode") else ""
        return f"{row.get('property_type') or 'property'}{place} that {ACTED[kind]}"


def rank_candidates(
    twin: Twin,
    layer: RankingLayer,
    investor: Investor,
    known: Stored,
    hits: Sequence[PropertyHit],
    X: Matrix,
    *,
    discover: bool,
) -> Ranked:
    """X (m, w) of the candidates; `known` is what is stored of the investor's history."""
    events = [(i, kind) for i, kind, _ in investor.history if i in known]
    rows = [(kind, known[i].payload) for i, kind in events]
    past = Past(
        twin.schema.vectorise(Catalogue.from_rows([""] * len(rows), [row for _, row in rows])),
        np.array([KIND_WEIGHTS[kind] for kind, _ in rows], dtype=np.float32),
        _numbers(twin, [i for i, _ in events]),
    )
    numbers = _numbers(twin, [hit.property_id for hit in hits])
    terms = layer.terms(layer.cosines(X, past), X, numbers, activity=layer.activity_of(numbers), past=past)
    weights = layer.weights_for(len(events), discover=discover)
    return Ranked(terms @ weights, (terms - terms.mean(axis=0)) * weights, terms, X, past, rows)


def _numbers(twin: Twin, property_ids: Sequence[str]) -> Numbers:
    return np.array([twin.property_rows.get(i, -1) for i in property_ids], dtype=np.int64)
