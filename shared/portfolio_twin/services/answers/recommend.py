"""The best properties for this investor now: retrieve by vector, score, diversify, say why."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Annotated, Any, Self

import numpy as np
from pydantic import BaseModel, Field, TypeAdapter, model_validator

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import BuyBox, Filters, Narrowing, Strict
from portfolio_twin.domain.interactions import KIND_WEIGHTS, UserId
from portfolio_twin.domain.properties import WHOLE, Catalogue, PropertyId
from portfolio_twin.model.encoder import normalise
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.scoring.diversity import diversify
from portfolio_twin.model.twin import Taste, Twin
from portfolio_twin.services.answers.find_candidates import find_candidates
from portfolio_twin.services.answers.give_reasons import Judged, Reason
from portfolio_twin.services.answers.know_investor import Dealing, Investor, Strategy, dealings, know_investor
from portfolio_twin.services.answers.leave_out import LeftOut, left_out
from portfolio_twin.services.answers.predict import AFFINITY, BASE_RATE, BASELINE
from portfolio_twin.services.answers.resolve_property import listing_of
from portfolio_twin.services.answers.score_stored import features_of, score_stored
from portfolio_twin.services.cursors import NEXT_CURSOR, Cursor, read_cursor, write_cursor

TOP_K_LIMIT = 100
SKIP_LIMIT = 180  # so that a page of 20 ends with the last of 200 candidates
NAMED_LIMIT = 1_000
DIVERSITY = (
    "0 keeps the order of affinity; above, each next one has the largest (1 - diversity) * affinity - diversity * "
    "likeness to the nearest one before it, affinity as log-odds brought to 0..1 and likeness as cosine (MMR)"
)
DISCOVER = "leave out what everybody in this market likes"
EXPLAIN = "false: no reasons, and a sooner answer"
SKIP = "so many of the best are left out; a cursor does the same and notices when the model has changed"

TopK = Annotated[int, Field(ge=1, le=TOP_K_LIMIT, description="at most so many answers"), WHOLE]
Skip = Annotated[int, Field(ge=0, le=SKIP_LIMIT, description=SKIP), WHOLE]
Diversity = Annotated[float, Field(ge=0, le=1, description=DIVERSITY)]
Candidates = Annotated[list[PropertyId], Field(min_length=1, max_length=NAMED_LIMIT)]
POSITION: TypeAdapter[int] = TypeAdapter(Annotated[int, Field(ge=1, le=NAMED_LIMIT)])


class RecommendRequest(Strict):
    user_id: UserId
    top_k: TopK = 10
    cursor: Cursor | None = None
    skip: Skip = 0
    candidate_property_ids: Candidates | None = Field(None, description="rank these alone; else all there are")
    filters: Filters | None = Field(None, description="what is on the market, unless they name a listing_status")
    buy_box: BuyBox | None = Field(None, description="criteria that the investor states; they narrow like filters")
    discover_new: bool = Field(False, description=DISCOVER)
    diversity: Diversity = 0.0
    explain: bool = Field(True, description=EXPLAIN)

    @model_validator(mode="after")
    def _one_beginning(self) -> Self:
        if self.cursor and self.skip:
            raise ValueError("cursor and skip both say where to begin: give one of them")
        return self

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
    reasons: list[Reason] = Field(description="the strongest first; none where explain is false")
    property: dict[str, Any]


class Recommendations(BaseModel):
    """In the order of affinity; with `diversity` those that are unlike each other stand before better ones."""

    user_id: int
    strategy: Strategy
    model_version: str
    base_rate: float = Field(description=BASE_RATE)
    baseline_score: float | None = Field(description=BASELINE)
    recommendations: list[Recommendation]
    next_cursor: str | None = Field(None, description=NEXT_CURSOR)
    left_out: list[LeftOut] = Field(
        [], description="of candidate_property_ids those that are on no page as far as this one"
    )


def recommend(tenant: Tenant, request: RecommendRequest) -> Recommendations:
    """Never a property that the investor has acted on; raises IndexUnavailable when there is nothing to search,
    InvalidInput for a cursor of another question, CursorExpired for one of another model.
    """
    twin = tenant.twin()
    begin = read_cursor(request.cursor, twin.version, request, POSITION) if request.cursor else request.skip
    end = begin + request.top_k
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, request.user_id)
    history = dealings(investor, index.get_properties([each.property_id for each in investor.history]))
    strategy, investor = _wanted(twin, investor, history, request)
    narrowing = request.narrowing(investor.acted_on)
    hits = find_candidates(index, investor.taste.vector, history if investor.normaliser else [], narrowing)
    judged = score_stored(twin, investor, history, hits, discover=request.discover_new) if hits else None
    best = _best(twin, judged, request.diversity, end) if judged else []
    ranked, answered = {hit.property_id for hit in hits}, {hits[i].property_id for i in best}
    return Recommendations(
        user_id=request.user_id,
        strategy=strategy,
        model_version=twin.version,
        base_rate=twin.base_rate,
        baseline_score=float(sigmoid(judged.scores.baseline)) if judged else None,
        recommendations=_told(twin, investor, judged, best[begin:], explain=request.explain) if judged else [],
        next_cursor=write_cursor(twin.version, request, end) if end < len(hits) else None,
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
    weights = np.array([KIND_WEIGHTS[each.kind] for each in history], dtype=np.float32)  # (h,)
    vectors = twin.encoder(features_of(twin, [each.property for each in history]).X)  # (h, d)
    return twin.taste(normalise(weights @ vectors), investor.taste.evidence, twin.rows_of(investor.acted_on))


def _best(twin: Twin, judged: Judged, diversity: float, end: int) -> list[int]:
    """Which of the properties stand first, up to `end`."""
    vectors = twin.encoder(judged.scores.features.X) if diversity else None
    return diversify(judged.scores.log_odds, vectors, diversity, end)


def _told(
    twin: Twin, investor: Investor, judged: Judged, rows: Sequence[int], *, explain: bool
) -> list[Recommendation]:
    scores, hits = judged.scores, judged.hits
    scored = twin.judge(scores.log_odds, investor.taste.evidence, twin.familiarity(scores.features))
    reasons = judged.reasons(rows) if explain else [[]] * len(rows)
    return [
        Recommendation(
            property_id=hits[i].property_id,
            affinity_score=float(scored.affinity[i]),
            confidence=float(scored.confidence[i]),
            reasons=why,
            property=listing_of(hits[i]),
        )
        for i, why in zip(rows, reasons, strict=True)
    ]
