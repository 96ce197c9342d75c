"""One investor: what they did, and what was learnt of them."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.interactions import HISTORY_LIMIT
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.browse.buy_box import EVEN, LearntBuyBox, learn_buy_box
from portfolio_twin.model.browse.read_back import read_back
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.scoring.scores import Scores
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.know_investor import Dealing, Investor, Strategy, dealings, know_investor
from portfolio_twin.services.answers.predict import AFFINITY
from portfolio_twin.services.answers.resolve_property import listing_of
from portfolio_twin.services.answers.score_stored import score_stored
from portfolio_twin.services.browse.list_investors import EVIDENCE, FIELDS, LISTING, MOVED_AT, moment
from portfolio_twin.services.browse.score_offer import score_offer

PAST = f"since the last change of taste, the newest first, without properties that are gone; at most {HISTORY_LIMIT}"
EXPLAINED = 200  # of the properties that match: enough for a mean


class PastDealing(BaseModel):
    property_id: str = Field(examples=["HV-00231"])
    kind: str = Field(description="the strongest that they did with it: view, outreach, deal, like or dislike")
    occurred_at: datetime = Field(description="UTC")
    because: list[str] = Field(description="what of the property decided it, where they said so")
    affinity_score: float = Field(description=f"as of today: {AFFINITY}")
    property: dict[str, Any] = Field(description=FIELDS, examples=[LISTING])


class InvestorAnswer(BaseModel):
    """An investor who is not known has the market's taste, and no history."""

    user_id: int = Field(description="the investor's number in your system", examples=[374])
    model_version: str = Field(examples=["20261121T114449Z-0f3a9c21"])
    strategy: Strategy = Field(description="what answers for this investor rest on")
    evidence: dict[str, int] = Field(description=EVIDENCE, examples=[{"deal": 12, "like": 9, "dislike": 3}])
    moved_at: datetime | None = Field(description=MOVED_AT)
    history: list[PastDealing] = Field(description=PAST)
    buy_box: LearntBuyBox


def describe_investor(tenant: Tenant, user_id: int) -> InvestorAnswer:
    """Raises IndexUnavailable: without the index nobody knows what they did."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, user_id)
    if investor.degraded:
        raise IndexUnavailable("the index is down: what this investor did is not known")
    history = dealings(investor, index.get_properties([each.property_id for each in investor.history]))
    return InvestorAnswer(
        user_id=user_id,
        model_version=twin.version,
        strategy=investor.strategy(twin),
        evidence=dict(Counter(each.kind for each in investor.history)),
        moved_at=moment(investor.history[0].time if investor.history else None),
        history=_past(twin, investor, history),
        buy_box=_buy_box(twin, score_offer(twin, investor, history)),
    )


def _past(twin: Twin, investor: Investor, history: Sequence[Dealing]) -> list[PastDealing]:
    if not history:
        return []
    hits = [each.property for each in history]
    affinity = sigmoid(score_stored(twin, investor, history, hits).scores.log_odds).tolist()
    return [
        PastDealing(
            property_id=each.property.property_id, kind=each.kind, occurred_at=moment(each.time),
            because=list(each.because), affinity_score=score, property=listing_of(each.property),
        )
        for each, score in zip(history, affinity, strict=True)
    ]  # fmt: skip


def _buy_box(twin: Twin, scores: Scores) -> LearntBuyBox:
    affinity = sigmoid(scores.log_odds)
    matching = np.flatnonzero(affinity > EVEN)
    some = matching[np.linspace(0, len(matching) - 1, min(len(matching), EXPLAINED)).astype(int)].tolist()
    parts = scores.contributions(some) if some else []
    weights = {name: float(np.mean([abs(part[name]) for part in parts])) for name in (parts[0] if parts else {})}
    return learn_buy_box(read_back(twin.schema, twin.offer.X), affinity, weights)
