"""Properties like this one, and the investors who would want it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

import numpy as np
from pydantic import BaseModel, Field, field_validator, model_validator

from portfolio_twin.adapters.qdrant.points import PropertyHit, UserHit
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import Filters, Narrowing, Strict
from portfolio_twin.domain.interactions import Kind
from portfolio_twin.domain.properties import LISTING_STATUSES, ListingStatus, PropertyId
from portfolio_twin.errors import InvalidInput, NotFound
from portfolio_twin.model.config import LIVE_DIMENSIONS
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.answers.know_investor import evidence_weight
from portfolio_twin.services.answers.recommend import TopK
from portfolio_twin.services.answers.resolve_property import listing_of, stored_property
from portfolio_twin.services.answers.score_stored import features_of

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

AGAINST = -0.5  # what a property that it should not be like weighs, beside 1: as a dislike beside a like
LEAST_LENGTH = 1e-6  # of a direction
EXAMPLES_LIMIT = 100
SIMILARITY = "cosine of the property's embedding and what it should be like, -1..1"
NEAREST_ASKED = 4  # times as many as are wanted: who likes everything is near to it, and yet no better a match
SMALLEST = 1e-6  # a vector whose every number is smaller points nowhere
A_DIRECTION: dict[str, Any] = {"anyOf": [{"minimum": SMALLEST}, {"maximum": -SMALLEST}]}


Examples = Annotated[list[PropertyId], Field(max_length=EXAMPLES_LIMIT)]
Direction = Annotated[
    list[Annotated[float, Field(ge=-1e3, le=1e3)]],
    Field(min_length=LIVE_DIMENSIONS, max_length=LIVE_DIMENSIONS, json_schema_extra={"contains": A_DIRECTION}),
]


class SimilarRequest(Strict):
    """What it should be like: the mean of the embedding and the positives, less half the mean of the negatives."""

    embedding: Direction | None = Field(None, description="of /embedding, of any length but 0")
    positive: Examples = Field([], description="ids of properties that it should be like; none of them is answered")
    negative: Examples = Field([], description="ids of properties that it should not be like, nor is any answered")
    filters: Filters | None = None
    top_k: TopK = 10

    @field_validator("embedding")
    @classmethod
    def _has_a_direction(cls, value: list[float] | None) -> list[float] | None:
        if value is not None and max(map(abs, value)) < SMALLEST:
            raise ValueError(f"the embedding has no direction: all its numbers are below {SMALLEST}")
        return value

    @model_validator(mode="after")
    def _says_what_it_should_be_like(self) -> Self:
        if self.embedding is None and not self.positive:
            raise ValueError("give an embedding, or ids as positive: what should it be like?")
        return self


class SimilarProperty(BaseModel):
    property_id: str
    similarity_score: float = Field(description=SIMILARITY)
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
    evidence: dict[Kind, int] = Field(description="of the properties in their history, how many by the telling kind")
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


def find_similar_to_examples(tenant: Tenant, request: SimilarRequest) -> SimilarProperties:
    """Raises NotFound for an example that this tenant does not have, InvalidInput where they point nowhere."""
    twin = tenant.twin()
    index, examples = tenant.index(twin.version), [*request.positive, *request.negative]
    stored = index.get_properties(examples)
    wanted = [normalise(np.array(request.embedding, dtype=np.float32))] if request.embedding else []
    wanted += _vectors(stored, "positive", request.positive)
    direction = np.mean(wanted, axis=0)  # (d,)
    if unwanted := _vectors(stored, "negative", request.negative):
        direction = direction + AGAINST * np.mean(unwanted, axis=0)
    if np.linalg.norm(direction) < LEAST_LENGTH:
        raise InvalidInput("the examples cancel each other out: give others")
    narrowing = Narrowing(request.filters, exclude=examples)
    hits = index.search(normalise(direction), limit=request.top_k, narrowing=narrowing)
    return _similar(twin.version, request.filters, hits)


def _vectors(stored: Mapping[str, PropertyHit], field: str, property_ids: Sequence[str]) -> list[Matrix]:
    """Each (d,)."""
    missing = [position for position, name in enumerate(property_ids) if name not in stored]
    if missing:
        raise NotFound(f"{field}.{missing[0]}: no such property")
    return [vector for name in property_ids if (vector := stored[name].vector) is not None]


def find_audience(tenant: Tenant, property_id: str, top_k: int, *, exclude_acted: bool = False) -> Audience:
    """Investors by their affinity for this property, who acted on it marked or left out; raises NotFound where it is
    missing.
    """
    twin = tenant.twin()
    index = tenant.index(twin.version)
    features = features_of(twin, [stored_property(index, property_id)])
    acted = property_id if exclude_acted else None
    hits = _nearest_investors(index, twin.encoder(features.X)[0], top_k, acted)
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
                evidence=dict(hits[i].evidence),
                acted_on=property_id in hits[i].acted_on,
            )
            for i in order
        ],
    )


def _nearest_investors(index: "TenantIndex", vector: Matrix, top_k: int, acted: str | None) -> list[UserHit]:
    """More than `top_k` of them where there are, but for those who acted on the property `acted`."""
    limit = top_k * NEAREST_ASKED
    while True:
        near = index.search_users(vector, limit=limit)
        left = [hit for hit in near if acted not in hit.acted_on]
        if len(left) >= top_k or len(near) < limit:
            return left
        limit *= 2


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
