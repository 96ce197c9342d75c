"""Why this answer: the share of every input and term, the liked properties nearest to it, and what would lift it."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.interactions import POSITIVE_KINDS, UserId
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.scoring.explanation import Change, smallest_change
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import Reason
from portfolio_twin.services.answers.know_investor import ACTED_ON, Strategy, know_investor
from portfolio_twin.services.answers.predict import AFFINITY, BASELINE
from portfolio_twin.services.answers.resolve_property import Asked, PropertyReference, listing_of, resolve_property
from portfolio_twin.services.answers.score_stored import features_of, score_stored

NEAREST_LIKED = 3


class ExplainRequest(Strict):
    user_id: UserId
    property: PropertyReference = Field(description="by its id, or by its fields where it is not stored")


class LikedProperty(BaseModel):
    property_id: str
    similarity_score: float = Field(description="cosine of the two embeddings, -1..1")
    kind: str = Field(description="what the investor did with it: deal or like")
    occurred_at: datetime = Field(description="when, the last time")
    property: dict[str, Any] = Field(description="its fields, those that are not known left out")


class ExplanationAnswer(BaseModel):
    """`contributions` sum to the log-odds of `affinity_score` less those of `baseline_score`."""

    affinity_score: float = Field(description=AFFINITY)
    baseline_score: float = Field(description=BASELINE)
    acted_on: bool | None = Field(description=ACTED_ON)
    log_odds: float = Field(description="log(affinity / (1 - affinity))")
    contributions: list[Reason]
    nearest_liked: list[LikedProperty]
    smallest_change: Change | None
    model_version: str
    strategy: Strategy


def explain_affinity(tenant: Tenant, request: ExplainRequest) -> ExplanationAnswer:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    asked = resolve_property(index, know_investor(index, twin, request.user_id), request.property)
    judged = score_stored(twin, asked.investor, asked.history, [asked.property])
    scores = judged.scores
    return ExplanationAnswer(
        affinity_score=float(sigmoid(scores.log_odds)[0]),
        baseline_score=float(sigmoid(scores.baseline)),
        acted_on=asked.investor.has_acted_on(asked.property.property_id),
        log_odds=float(scores.log_odds[0]),
        contributions=judged.reasons([0], limit=len(scores.schema.groups) + len(scores.others))[0],
        nearest_liked=_nearest_liked(twin, asked),
        smallest_change=smallest_change(asked.property.payload, lambda variants: _log_odds(twin, asked, variants)),
        model_version=twin.version,
        strategy=asked.investor.strategy(twin),
    )


def _log_odds(twin: Twin, asked: Asked, variants: Catalogue) -> Floats:
    """(n,) of the same property, were it like each of the variants."""
    hits = [replace(asked.property, payload=variants.row(i)) for i in range(len(variants))]
    return score_stored(twin, asked.investor, asked.history, hits).scores.log_odds


def _nearest_liked(twin: Twin, asked: Asked) -> list[LikedProperty]:
    liked = [each for each in asked.history if each.kind in POSITIVE_KINDS]
    if not liked:
        return []
    similarity = (
        twin.encoder(features_of(twin, [each.property for each in liked]).X)
        @ twin.encoder(features_of(twin, [asked.property]).X)[0]
    )
    nearest = np.argsort(-similarity)[:NEAREST_LIKED]
    return [
        LikedProperty(
            property_id=liked[i].property.property_id,
            similarity_score=float(similarity[i]),
            kind=liked[i].kind,
            occurred_at=datetime.fromtimestamp(liked[i].time, UTC),
            property=listing_of(liked[i].property),
        )
        for i in nearest
    ]
