"""Properties like this one, and the investors who would want it."""

import math
from typing import Annotated, Any
from uuid import UUID

import numpy as np
from pydantic import BaseModel, Field, field_validator

from portfolio_twin.adapters.qdrant.index import PropertyHit, VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.domain.criteria import STRICT, Filters
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.answers.know_investor import evidence_weight
from portfolio_twin.services.answers.predict import stored_property
from portfolio_twin.services.answers.recommend import TopK, listing_of


class SimilarRequest(BaseModel):
    model_config = STRICT

    embedding: Annotated[list[float], Field(min_length=1, max_length=4096)]
    filters: Filters | None = None
    top_k: TopK = 10

    @field_validator("embedding")
    @classmethod
    def _has_a_direction(cls, value: list[float]) -> list[float]:
        norm = math.hypot(*value)
        if not 1e-6 < norm < 1e6:
            raise ValueError("the embedding has no direction: its norm must lie between 1e-6 and 1e6")
        return value


class SimilarProperty(BaseModel):
    property_id: str
    similarity_score: float = Field(description="cosine of the two embeddings")
    property: dict[str, Any]


class SimilarProperties(BaseModel):
    model_version: str
    results: list[SimilarProperty]


class LikelyInvestor(BaseModel):
    user_id: int
    affinity_score: float
    confidence: float


class Audience(BaseModel):
    property_id: str
    model_version: str
    investors: list[LikelyInvestor]


def find_similar(
    models: LiveModels, index: VectorIndex, tenant: UUID, property_id: str, top_k: int
) -> SimilarProperties:
    """Properties like this one, itself left out; raises NotFound when this tenant has no such property."""
    twin = models.current(tenant)
    hits = index.similar(tenant, twin.version, property_id, limit=top_k)
    return _similar(twin.version, hits)


def find_similar_to_embedding(
    models: LiveModels, index: VectorIndex, tenant: UUID, request: SimilarRequest
) -> SimilarProperties:
    twin = models.current(tenant)
    if len(request.embedding) != twin.config.embedding_dim:
        raise InvalidInput(f"embedding: must have {twin.config.embedding_dim} numbers, not {len(request.embedding)}")
    vector = normalise(np.array(request.embedding, dtype=np.float32))
    hits = index.search(tenant, twin.version, vector, limit=request.top_k, filters=request.filters)
    return _similar(twin.version, hits)


def find_audience(models: LiveModels, index: VectorIndex, tenant: UUID, property_id: str, top_k: int) -> Audience:
    """Investors by their affinity for this property; raises NotFound when this tenant has no such property."""
    twin = models.current(tenant)
    row = stored_property(twin, index, tenant, property_id)
    X = twin.schema.vectorise(Catalogue.from_rows([property_id], [row]))
    hits = index.search_users(tenant, twin.version, twin.encoder(X)[0], limit=top_k)
    evidence = np.array([evidence_weight(hit.evidence) for hit in hits])
    affinity, confidence = twin.score_cosines(np.array([hit.score for hit in hits]), evidence, twin.novelty(X))
    found = zip([hit.user_id for hit in hits], affinity.tolist(), confidence.tolist(), strict=True)
    return Audience(
        property_id=property_id,
        model_version=twin.version,
        investors=[
            LikelyInvestor(user_id=user_id, affinity_score=p, confidence=c)
            for user_id, p, c in sorted(found, key=lambda investor: -investor[1])
        ],
    )


def _similar(version: str, hits: list[PropertyHit]) -> SimilarProperties:
    return SimilarProperties(
        model_version=version,
        results=[
            SimilarProperty(property_id=hit.property_id, similarity_score=hit.score, property=listing_of(hit))
            for hit in hits
        ],
    )
