"""The best properties for this investor now: retrieve by vector, score, diversify, say why."""

from typing import Annotated, Any, Self
from uuid import UUID

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, Field, model_validator

from portfolio_twin.adapters.qdrant.index import PropertyHit, VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import STRICT, BuyBox, Filters
from portfolio_twin.domain.interactions import KIND_WEIGHTS, UserId
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures, PropertyId
from portfolio_twin.model.encoder import normalise
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.find_candidates import Stored, find_candidates
from portfolio_twin.services.answers.give_reasons import Reason, give_reasons
from portfolio_twin.services.answers.know_investor import Investor, Strategy, know_investor
from portfolio_twin.services.answers.rank_candidates import rank_candidates

TOP_K_LIMIT = 100

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
    known = index.get_properties(tenant, twin.version, [i for i, _, _ in investor.history]) if investor.history else {}
    if request.discover_new and investor.history and twin.ranking is None:
        target = _taste_alone(twin, investor, known)
    hits = find_candidates(
        index, tenant, twin.version, target, investor, known if twin.ranking else {}, request.narrowing(),
        request.candidate_property_ids,
    )  # fmt: skip
    return Recommendations(
        user_id=request.user_id,
        strategy=strategy,
        model_version=twin.version,
        recommendations=_best_of(twin, investor, known, target, hits, request) if hits else [],
    )


def _what_to_look_for(twin: Twin, investor: Investor, request: RecommendRequest) -> tuple[Strategy, Matrix]:
    if request.buy_box is not None and investor.evidence == 0:
        return "buy_box", twin.embed(Catalogue.of([""], [request.buy_box.as_property()]))[0]
    return investor.strategy(twin), investor.vector


def _taste_alone(twin: Twin, investor: Investor, known: Stored) -> Matrix:
    """The investor's vector (d,) without the market's share in it."""
    weights = {i: KIND_WEIGHTS[kind] for i, kind, _ in investor.history if i in known}
    if not weights:
        return investor.vector
    vectors = twin.embed(Catalogue.from_rows([""] * len(weights), [known[i].payload for i in weights]))
    return normalise(np.array(list(weights.values()), dtype=np.float32) @ vectors)


def _best_of(
    twin: Twin,
    investor: Investor,
    known: Stored,
    target: Matrix,
    hits: list[PropertyHit],
    request: RecommendRequest,
) -> list[Recommendation]:
    X = twin.schema.vectorise(Catalogue.from_rows([""] * len(hits), [hit.payload for hit in hits]))
    vectors = twin.encoder(X)  # (candidates, d)
    evidence = investor.evidence if target is investor.vector else 1.0  # a buy box is a taste that was stated
    affinity = twin.affinity(target, vectors, evidence)
    confidence = twin.confidence(affinity, investor.evidence, twin.novelty(X))
    ranked = None
    if twin.ranking and target is investor.vector:
        ranked = rank_candidates(twin, twin.ranking, investor, known, hits, X, discover=request.discover_new)
    chosen = diversify(ranked.scores if ranked else affinity, vectors, request.diversity, request.top_k)
    return [
        Recommendation(
            property_id=hits[i].property_id,
            affinity_score=float(affinity[i]),
            confidence=float(confidence[i]),
            reasons=[
                *(ranked.reasons(i, twin.ranking) if ranked and twin.ranking else ()),
                *give_reasons(twin, target, X[i], hits[i].payload, evidence),
            ],
            property=listing_of(hits[i]),
        )
        for i in chosen
    ]


def diversify(relevance: npt.NDArray[Any], vectors: Matrix, diversity: float, top_k: int) -> list[int]:
    """The places of the top_k by maximal marginal relevance: relevance (n,) on any scale, unit vectors (n, d).

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998), with λ = 1 − diversity.
    """
    if diversity == 0:
        return [int(i) for i in np.argsort(-relevance, kind="stable")[:top_k]]
    spread = np.ptp(relevance)
    relevance = (relevance - relevance.min()) / (spread if spread > 0 else 1.0)
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
