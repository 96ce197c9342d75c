"""Properties like this one, and the investors who would want it."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, Field, field_validator

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Filters, Narrowing, Strict
from portfolio_twin.domain.properties import LISTING_STATUSES, ListingStatus
from portfolio_twin.model.config import LIVE_DIMENSIONS
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.answers.know_investor import evidence_weight
from portfolio_twin.services.answers.recommend import TopK
from portfolio_twin.services.answers.resolve_property import listing_of, stored_property
from portfolio_twin.services.answers.score_stored import features_of

NEAREST_ASKED = 4  # times as many as are wanted: who likes everything is near to it, and yet no better a match
SMALLEST = 1e-6  # a vector whose every number is smaller points nowhere
A_DIRECTION: dict[str, Any] = {"anyOf": [{"minimum": SMALLEST}, {"maximum": -SMALLEST}]}


class SimilarRequest(Strict):
    embedding: Annotated[
        list[Annotated[float, Field(ge=-1e3, le=1e3)]],
        Field(min_length=LIVE_DIMENSIONS, max_length=LIVE_DIMENSIONS, json_schema_extra={"contains": A_DIRECTION}),
    ]
    filters: Filters | None = None
    top_k: TopK = 10

    @field_validator("embedding")
    @classmethod
    def _has_a_direction(cls, value: list[float]) -> list[float]:
        if max(map(abs, value)) < SMALLEST:
            raise ValueError(f"the embedding has no direction: all its numbers are below {SMALLEST}")
        return value


class SimilarProperty(BaseModel):
    property_id: str
    similarity_score: float = Field(description="cosine of the two embeddings")
    property: dict[str, Any]


class SimilarProperties(BaseModel):
    model_version: str
    listing_status: list[ListingStatus | Literal["unknown"]] = Field(
        description="which are shown: all, sold ones too, unless the filters name some"
    )
    results: list[SimilarProperty]


class LikelyInvestor(BaseModel):
    user_id: int
    affinity_score: float
    confidence: float
    acted_on: bool = Field(description="contacted, bought, liked or disliked it before")


class Audience(BaseModel):
    property_id: str
    model_version: str
    investors: list[LikelyInvestor]


def find_similar(tenant: Tenant, property_id: str, filters: Filters | None, top_k: int) -> SimilarProperties:
    """Properties like this one, itself left out; raises NotFound when this tenant has no such property."""
    twin = tenant.twin()
    return _similar(
        twin.version, filters, tenant.index(twin.version).similar(property_id, limit=top_k, filters=filters)
    )


def find_similar_to_embedding(tenant: Tenant, request: SimilarRequest) -> SimilarProperties:
    twin = tenant.twin()
    vector = normalise(np.array(request.embedding, dtype=np.float32))  # (d,)
    hits = tenant.index(twin.version).search(vector, limit=request.top_k, narrowing=Narrowing(request.filters))
    return _similar(twin.version, request.filters, hits)


def find_audience(tenant: Tenant, property_id: str, top_k: int) -> Audience:
    """Investors by their affinity for this property, who acted on it marked; raises NotFound where it is missing."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    features = features_of(twin, [stored_property(index, property_id)])
    hits = index.search_users(twin.encoder(features.X)[0], limit=top_k * NEAREST_ASKED)
    evidence = np.array([evidence_weight(hit.evidence) for hit in hits])
    log_odds = np.array([twin.slope * hit.score - hit.log_mean for hit in hits])
    affinity, confidence = twin.judge(log_odds, evidence, twin.familiarity(features))
    order = np.argsort(-log_odds, kind="stable")[:top_k]
    return Audience(
        property_id=property_id,
        model_version=twin.version,
        investors=[
            LikelyInvestor(
                user_id=hits[i].user_id,
                affinity_score=float(affinity[i]),
                confidence=float(confidence[i]),
                acted_on=property_id in hits[i].acted_on,
            )
            for i in order
        ],
    )


def _similar(version: str, filters: Filters | None, hits: list[PropertyHit]) -> SimilarProperties:
    named = filters.listing_status if filters else None
    return SimilarProperties(
        model_version=version,
        listing_status=list(named) if named else [*LISTING_STATUSES, "unknown"],
        results=[
            SimilarProperty(property_id=hit.property_id, similarity_score=hit.score, property=listing_of(hit))
            for hit in hits
        ],
    )
