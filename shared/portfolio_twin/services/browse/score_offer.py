"""The whole offer of a bundle for one investor, with no word to the index: as the market was when it was trained."""

from collections.abc import Sequence

import numpy as np

from portfolio_twin.model.features import Features
from portfolio_twin.model.scoring.scores import LayerQuestion, Scores, score_by_layer, score_by_tower
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.know_investor import Dealing, Investor
from portfolio_twin.services.answers.score_stored import past_of


def score_offer(twin: Twin, investor: Investor, history: Sequence[Dealing]) -> Scores:
    """By the ranking layer; by the tower where there is none, or what it needs is not known."""
    offer, nothing = twin.offer, np.zeros((len(twin.offer.X), 0))
    features = Features(offer.X, nothing, nothing)  # what lies beyond the towers is not in the bundle
    if twin.ranking is None or investor.normaliser is None:
        return score_by_tower(twin, investor.taste, features)
    asked = LayerQuestion(past_of(twin, history), investor.normaliser)
    activity = twin.ranking.activity_of(offer.rows)
    return score_by_layer(twin, asked, features, rows=offer.rows, activity=activity)
