"""Why this answer: every input's share, the liked properties nearest to it, and what would lift it."""

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.explanation import Change, explain, smallest_change
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import Reason, in_words
from portfolio_twin.services.answers.know_investor import Investor, Strategy, know_investor
from portfolio_twin.services.answers.rank_candidates import features_of
from portfolio_twin.services.answers.resolve_property import PropertyReference, resolve_property

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

NEAREST_LIKED = 3


class ExplainRequest(Strict):
    user_id: UserId
    property: PropertyReference


class LikedProperty(BaseModel):
    property_id: str
    similarity_score: float


class ExplanationAnswer(BaseModel):
    """`contributions` sum to `affinity_score` less `baseline_score`, the market's average property."""

    affinity_score: float
    baseline_score: float
    contributions: list[Reason]
    nearest_liked: list[LikedProperty]
    smallest_change: Change | None
    model_version: str
    strategy: Strategy


def explain_affinity(tenant: Tenant, request: ExplainRequest) -> ExplanationAnswer:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, request.user_id)
    fields = resolve_property(index, request.property)
    x = twin.schema.vectorise(Catalogue.from_rows([""], [fields]))[0]  # (w,)
    explanation = explain(twin, investor.taste, x)
    return ExplanationAnswer(
        affinity_score=explanation.affinity,
        baseline_score=explanation.baseline_affinity,
        contributions=[
            Reason(input=name, contribution=value, text=in_words(name, value, fields))
            for name, value in explanation.contributions.items()
        ],
        nearest_liked=_nearest_liked(index, twin, investor, x),
        smallest_change=smallest_change(fields, lambda variants: twin.affinity(investor.taste, twin.embed(variants))),
        model_version=twin.version,
        strategy=investor.strategy(twin),
    )


def _nearest_liked(index: "TenantIndex", twin: Twin, investor: Investor, x: Matrix) -> list[LikedProperty]:
    liked = list(index.get_properties(investor.liked).values()) if investor.liked else []
    if not liked:
        return []
    similarity = twin.encoder(features_of(twin, liked).X) @ twin.encoder(x[None])[0]  # (liked,)
    nearest = np.argsort(-similarity)[:NEAREST_LIKED]
    return [LikedProperty(property_id=liked[i].property_id, similarity_score=float(similarity[i])) for i in nearest]
