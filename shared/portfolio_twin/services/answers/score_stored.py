"""Stored properties for one investor, as they stand in this market: the one score, and what reasons are told from."""

from collections.abc import Sequence

import numpy as np

from portfolio_twin.adapters.qdrant.points import PropertyHit, catalogue_of
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.model.features import Features
from portfolio_twin.model.ranking import Past
from portfolio_twin.model.scoring.scores import LayerQuestion, score_by_layer, score_by_tower
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import InMarket, Judged
from portfolio_twin.services.answers.know_investor import Dealing, Investor


def score_stored(
    twin: Twin, investor: Investor, history: Sequence[Dealing], hits: Sequence[PropertyHit], *, discover: bool = False
) -> Judged:
    """By the ranking layer; by the tower where there is none, or what it needs is not known.

    `discover` leaves out what everybody in this market does.
    """
    features, normaliser = features_of(twin, hits), investor.normaliser
    if twin.ranking is None or normaliser is None:
        return Judged(score_by_tower(twin, investor.taste, features), hits)
    past = past_of(twin, history)
    if discover:
        normaliser = twin.normaliser(past, twin.rows_of(investor.acted_on), discover=True) or normaliser
    rows = twin.rows_of([hit.property_id for hit in hits])
    activity = stored_activity(twin.ranking.activity_of(rows), hits)
    asked = LayerQuestion(past, normaliser, discover)
    scores = score_by_layer(twin, asked, features, rows=rows, activity=activity)
    return Judged(scores, hits, InMarket(twin.ranking, history, past, activity))


def past_of(twin: Twin, history: Sequence[Dealing]) -> Past:
    stored = [each.property for each in history]
    return Past(
        features_of(twin, stored).X,
        np.array([KIND_WEIGHTS[each.kind] for each in history], dtype=np.float32),
        twin.rows_of(hit.property_id for hit in stored),
        twin.learnt_until,
    )


def features_of(twin: Twin, hits: Sequence[PropertyHit]) -> Features:
    return twin.schema.read(catalogue_of(hits))


def stored_activity(learnt: Matrix, hits: Sequence[PropertyHit]) -> Matrix:
    """(m, windows) as the points have it; of a point without, as of the training."""
    pairs = zip(hits, learnt, strict=True)
    return np.array([row if hit.activity is None else hit.activity for hit, row in pairs], dtype=np.float32)
