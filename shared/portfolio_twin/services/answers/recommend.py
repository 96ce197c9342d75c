"""The best properties for this investor now: retrieve by vector, score, diversify, say why."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, Field, model_validator

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.domain.criteria import BuyBox, Filters, Narrowing, Strict
from portfolio_twin.domain.interactions import KIND_WEIGHTS, UserId
from portfolio_twin.domain.properties import WHOLE, Catalogue, PropertyFeatures, PropertyId
from portfolio_twin.model.encoder import normalise
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.twin import Taste, Twin
from portfolio_twin.services.answers.find_candidates import find_candidates
from portfolio_twin.services.answers.give_reasons import Judged, Reason
from portfolio_twin.services.answers.know_investor import Dealing, Investor, Strategy, dealings, know_investor
from portfolio_twin.services.answers.leave_out import LeftOut, left_out
from portfolio_twin.services.answers.predict import AFFINITY, BASE_RATE, BASELINE
from portfolio_twin.services.answers.score_stored import features_of, score_stored

TOP_K_LIMIT = 100

TopK = Annotated[int, Field(ge=1, le=TOP_K_LIMIT), WHOLE]


class RecommendRequest(Strict):
    user_id: UserId
    top_k: TopK = 10
    candidate_property_ids: Annotated[list[PropertyId], Field(min_length=1, max_length=1000)] | None = None
    filters: Filters | None = Field(None, description="what is on the market, unless they name a listing_status")
    buy_box: BuyBox | None = Field(None, description="criteria that the investor states; they narrow like filters")
    discover_new: bool = Field(False, description="leave out what everybody in this market likes")
    diversity: float = Field(0.0, ge=0, le=1, description="0 the best matches, 1 the most unlike each other")

    @model_validator(mode="after")
    def _stated_once(self) -> Self:
        if self.filters and self.buy_box and (both := _stated(self.filters) & _stated(self.buy_box)):
            raise ValueError(f"filters and buy_box both narrow {', '.join(sorted(both))}: state each only once")
        return self

    def narrowing(self, acted_on: Collection[str]) -> Narrowing:
        """Filters and buy box as one, and what is on the market unless they name a listing status."""
        parts = [part for part in (self.filters, self.buy_box) if part]
        filters = Filters.model_construct(**{name: getattr(part, name) for part in parts for name in _stated(part)})
        return Narrowing(filters, self.candidate_property_ids, acted_on, on_market=filters.listing_status is None)


def _stated(filters: Filters) -> set[str]:
    return {name for name in Filters.model_fields if getattr(filters, name) is not None}


class Recommendation(BaseModel):
    property_id: str
    affinity_score: float = Field(description=AFFINITY)
    confidence: float
    reasons: list[Reason]
    property: dict[str, Any]


class Recommendations(BaseModel):
    """The best matches first; with `diversity` those that are unlike each other stand before better ones."""

    user_id: int
    strategy: Strategy
    model_version: str
    base_rate: float = Field(description=BASE_RATE)
    baseline_score: float | None = Field(description=BASELINE)
    recommendations: list[Recommendation]
    left_out: list[LeftOut] = Field([], description="of candidate_property_ids those that are not recommended")


def recommend(tenant: Tenant, request: RecommendRequest) -> Recommendations:
    """Never a property that the investor has acted on; raises IndexUnavailable when there is nothing to search."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, request.user_id)
    history = dealings(investor, index.get_properties([name for name, _, _ in investor.history]))
    strategy, investor = _wanted(twin, investor, history, request)
    narrowing = request.narrowing(investor.acted_on)
    hits = find_candidates(index, investor.taste.vector, history if investor.normaliser else [], narrowing)
    judged = score_stored(twin, investor, history, hits, discover=request.discover_new) if hits else None
    best = _best_of(twin, investor, judged, request) if judged else []
    ranked, answered = ({each.property_id for each in some} for some in (hits, best))
    return Recommendations(
        user_id=request.user_id,
        strategy=strategy,
        model_version=twin.version,
        base_rate=twin.base_rate,
        baseline_score=float(sigmoid(judged.scores.baseline)) if judged else None,
        recommendations=best,
        left_out=left_out(index, narrowing, ranked, answered),
    )


def _wanted(
    twin: Twin, investor: Investor, history: Sequence[Dealing], request: RecommendRequest
) -> tuple[Strategy, Investor]:
    """What to look for: the investor's taste, or what they state where they have done nothing yet."""
    if request.buy_box is not None and investor.taste.evidence == 0:
        stated = twin.embed(Catalogue.of([""], [request.buy_box.as_property()]))[0]
        taste = twin.taste(stated, left_out=twin.rows_of(investor.acted_on))
        return "buy_box", replace(investor, taste=taste, normaliser=None)
    if request.discover_new and history and twin.ranking is None:  # the ranking layer has weights of its own for it
        return investor.strategy(twin), replace(investor, taste=_without_market(twin, investor, history))
    return investor.strategy(twin), investor


def _without_market(twin: Twin, investor: Investor, history: Sequence[Dealing]) -> Taste:
    """The investor's taste without the market's share in it."""
    weights = np.array([KIND_WEIGHTS[kind] for kind, _ in history], dtype=np.float32)  # (h,)
    vectors = twin.encoder(features_of(twin, [hit for _, hit in history]).X)  # (h, d)
    return twin.taste(normalise(weights @ vectors), investor.taste.evidence, twin.rows_of(investor.acted_on))


def _best_of(twin: Twin, investor: Investor, judged: Judged, request: RecommendRequest) -> list[Recommendation]:
    scores, hits = judged.scores, judged.hits
    scored = twin.judge(scores.log_odds, investor.taste.evidence, twin.familiarity(scores.features))
    vectors = twin.encoder(scores.features.X) if request.diversity else None
    best = diversify(scores.log_odds, vectors, request.diversity, request.top_k)
    return [
        Recommendation(
            property_id=hits[i].property_id,
            affinity_score=float(scored.affinity[i]),
            confidence=float(scored.confidence[i]),
            reasons=reasons,
            property=listing_of(hits[i]),
        )
        for i, reasons in zip(best, judged.reasons(best), strict=True)
    ]


def diversify(relevance: Floats, vectors: Matrix | None, diversity: float, top_k: int) -> list[int]:
    """The positions of the top_k by maximal marginal relevance: relevance (n,) on any scale, unit vectors (n, d).

    Without vectors, or at diversity 0, by relevance alone.

    Carbonell and Goldstein, "The use of MMR, diversity-based reranking" (1998), with λ = 1 − diversity.
    """
    if vectors is None or diversity == 0:
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
    """The property's own fields, without those that the index adds."""
    return {name: value for name, value in hit.payload.items() if name in PropertyFeatures.model_fields}
