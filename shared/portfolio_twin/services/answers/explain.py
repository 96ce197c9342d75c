"""Why this answer: every input's share, the liked properties nearest to it, and what would lift it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import numpy as np
from pydantic import BaseModel

from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.explanation import Change, explain, smallest_change
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import Reason, in_words, known_fields
from portfolio_twin.services.answers.know_investor import Investor, Strategy, know_investor
from portfolio_twin.services.answers.predict import PropertyReference, stored_property

NEAREST_TOLD = 3


class ExplainRequest(BaseModel):
    model_config = PropertyReference.model_config

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


def explain_affinity(
    models: LiveModels, index: VectorIndex, tenant: UUID, request: ExplainRequest
) -> ExplanationAnswer:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = models.current(tenant)
    investor = know_investor(twin, index, tenant, request.user_id)
    reference = request.property
    if reference.property_features is not None:
        row: Mapping[str, Any] = known_fields(reference.property_features)
    else:
        row = stored_property(twin, index, tenant, str(reference.property_id))
    X = twin.schema.vectorise(Catalogue.from_rows([""], [row]))
    found = explain(twin, investor.vector, X[0], investor.evidence)
    return ExplanationAnswer(
        affinity_score=found.affinity,
        baseline_score=found.baseline_affinity,
        contributions=[
            Reason(input=name, contribution=value, text=in_words(name, value, row))
            for name, value in found.contributions.items()
        ],
        nearest_liked=_nearest_liked(twin, index, tenant, investor, X),
        smallest_change=smallest_change(
            row, lambda variants: twin.affinity(investor.vector, twin.embed(variants), investor.evidence)
        ),
        model_version=twin.version,
        strategy=investor.strategy(twin),
    )


def _nearest_liked(
    twin: Twin, index: VectorIndex, tenant: UUID, investor: Investor, X: np.ndarray
) -> list[LikedProperty]:
    if not investor.liked:
        return []
    known = list(index.get_properties(tenant, twin.version, investor.liked).values())
    if not known:
        return []
    vectors = twin.embed(Catalogue.from_rows([hit.property_id for hit in known], [hit.payload for hit in known]))
    similarity = vectors @ twin.encoder(X)[0]  # (liked,)
    nearest = np.argsort(-similarity)[:NEAREST_TOLD]
    return [LikedProperty(property_id=known[i].property_id, similarity_score=float(similarity[i])) for i in nearest]
