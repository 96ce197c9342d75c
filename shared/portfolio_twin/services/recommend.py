"""The best properties for this investor now: retrieve by vector, score, diversify, say why."""

from typing import Annotated, Any, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, model_validator

from portfolio_twin.adapters.live_models import LiveModels
from portfolio_twin.adapters.vector_index import PropertyHit, VectorIndex
from portfolio_twin.domain.criteria import STRICT, BuyBox, Filters
from portfolio_twin.domain.interactions import KIND_WEIGHTS, UserId
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures, PropertyId
from portfolio_twin.model.encoder import Matrix, normalise
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.give_reasons import Reason, give_reasons
from portfolio_twin.services.know_investor import Investor, Strategy, know_investor

TOP_K_LIMIT = 100
CANDIDATES = 200  # retrieved by vector, then ranked

TopK = Annotated[int, Field(ge=1, le=TOP_K_LIMIT)]


class RecommendRequest(BaseModel):
    model_config = STRICT

    user_id: UserId
    top_k: TopK = 10
    candidate_property_ids: Annotated[list[PropertyId], Field(min_length=1, max_length=1000)] | None = None
    filters: Filters | None = None
    buy_box: BuyBox | None = Field(None, description="criteria that the investor states; they narrow like filters")
    discover_new: bool = Field(False, description="leave out what everybody in this market likes")
    diversity: float = Field(0.0, ge=0, le=1, description="0 the best matches, 1 the most unlike each other")

    @model_validator(mode="after")
    def _stated_once(self) -> Self:
        if self.filters and self.buy_box and (both := _stated(self.filters) & _stated(self.buy_box)):
            raise ValueError(f"filters and buy_box both narrow {', '.join(sorted(both))}: state each only once")
        return self

    def narrowing(self) -> Filters | None:
        """Filters and buy box as one."""
        parts = [part for part in (self.filters, self.buy_box) if part]
        return Filters.model_construct(**{name: getattr(part, name) for part in parts for name in _stated(part)})


def _stated(filters: Filters) -> set[str]:
    return {name for name in Filters.model_fields if getattr(filters, name) is not None}


class Recommendation(BaseModel):
    property_id: str
    affinity_score: float
    confidence: float
    reasons: list[Reason]
    property: dict[str, Any]


class Recommendations(BaseModel):
    user_id: int
    strategy: Strategy
    model_version: str
    recommendations: list[Recommendation]


def recommend(models: LiveModels, index: VectorIndex, tenant: UUID, request: RecommendRequest) -> Recommendations:
    """Never a property that the investor has acted on; raises IndexUnavailable when there is nothing to search."""
    twin = models.current(tenant)
    investor = know_investor(twin, index, tenant, request.user_id)
    strategy, target = _what_to_look_for(twin, investor, request)
    if request.discover_new and investor.history:
        target = _taste_alone(twin, index, tenant, investor)
    hits = index.search(
        tenant,
        twin.version,
        target,
        limit=CANDIDATES,
        filters=request.narrowing(),
        exclude=investor.acted_on,
        only=request.candidate_property_ids,
    )
    return Recommendations(
        user_id=request.user_id,
        strategy=strategy,
        model_version=twin.version,
        recommendations=_best_of(twin, investor, target, hits, request) if hits else [],
    )


def _what_to_look_for(twin: Twin, investor: Investor, request: RecommendRequest) -> tuple[Strategy, Matrix]:
    if request.buy_box is not None and investor.evidence == 0:
        return "buy_box", twin.embed(Catalogue.of([""], [request.buy_box.as_property()]))[0]
    return investor.strategy(twin), investor.vector


def _taste_alone(twin: Twin, index: VectorIndex, tenant: UUID, investor: Investor) -> Matrix:
    """The investor's vector (d,) without the market's share in it."""
    weight_of = {property_id: KIND_WEIGHTS[kind] for property_id, kind, _ in investor.history}
    known = list(index.get_properties(tenant, twin.version, list(weight_of)).values())
    if not known:
        return investor.vector
    vectors = twin.embed(Catalogue.from_rows([""] * len(known), [hit.payload for hit in known]))
    weights = np.array([weight_of[hit.property_id] for hit in known], dtype=np.float32)
    return normalise(weights @ vectors)


def _best_of(
    twin: Twin, investor: Investor, target: Matrix, hits: list[PropertyHit], request: RecommendRequest
) -> list[Recommendation]:
    X = twin.schema.vectorise(Catalogue.from_rows([""] * len(hits), [hit.payload for hit in hits]))
    vectors = twin.encoder(X)  # (candidates, d)
    affinity = twin.affinity(target, vectors)
    confidence = twin.confidence(affinity, investor.evidence, twin.novelty(X))
    chosen = diversify(affinity, vectors, request.diversity, request.top_k)
    return [
        Recommendation(
            property_id=hits[i].property_id,
            affinity_score=float(affinity[i]),
            confidence=float(confidence[i]),
            reasons=give_reasons(twin, target, X[i], hits[i].payload),
            property=listing_of(hits[i]),
        )
        for i in chosen
    ]


def diversify(relevance: npt.NDArray[Any], vectors: Matrix, diversity: float, top_k: int) -> list[int]:
    """The places of the top_k by maximal marginal relevance: relevance (n,), unit vectors (n, d).

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998), with λ = 1 − diversity.
    """
    if diversity == 0:
        return [int(i) for i in np.argsort(-relevance, kind="stable")[:top_k]]
    chosen: list[int] = []
    closest = np.zeros(len(relevance))  # similarity to the nearest one already chosen
    for _ in range(min(top_k, len(relevance))):
        worth = (1 - diversity) * relevance - diversity * closest
        worth[chosen] = -np.inf
        chosen.append(int(np.argmax(worth)))
        closest = np.maximum(closest, vectors @ vectors[chosen[-1]])
    return chosen


def listing_of(hit: PropertyHit) -> dict[str, Any]:
    """What is known of the property, without the index's own fields."""
    return {name: value for name, value in hit.payload.items() if name in PropertyFeatures.model_fields}
