"""Who is asking: taste, evidence and history, from the index or, when it is down, from the bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.interactions import KIND_WEIGHTS, Event
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.scoring.offer import Normaliser
from portfolio_twin.model.twin import Taste, Twin

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

Strategy = Literal["twin", "content", "buy_box", "popular"]
ACTED_ON = (
    "the investor contacted, bought, liked or disliked it before, and so is never recommended it; null where that is "
    "not known: of features alone, or while degraded"
)


@dataclass(frozen=True)
class Investor:
    taste: Taste
    normaliser: Normaliser | None = None  # of the ranking layer; None where the tower alone can answer
    history: Sequence[Event] = ()  # the newest first
    acted_on: Sequence[str] = ()
    degraded: bool = False  # the index is down: this is what training knew

    def strategy(self, twin: Twin) -> Strategy:
        """What the answers rest on: the market's taste as long as the investor has done nothing."""
        return twin.kind if self.taste.evidence > 0 else "popular"

    def without_index(self) -> "Investor":
        """The same where the index went down after the investor was read."""
        if not self.degraded:  # else it was counted before
            telemetry.count("Degraded")
        return replace(self, degraded=True, normaliser=None)

    def by_taste(self) -> "Investor":
        """The same where only the taste can speak: of a property that no market knows."""
        return replace(self, normaliser=None)

    def has_acted_on(self, property_id: str | None) -> bool | None:
        """None where nobody knows: of a property without an id, or while the index is down."""
        return None if self.degraded or not property_id else property_id in self.acted_on


class Dealing(NamedTuple):
    """An entry of the investor's history with the property as it is stored."""

    kind: str
    property: PropertyHit
    time: int  # seconds since 1970-01-01 UTC
    because: Sequence[str] = ()


def know_investor(index: "TenantIndex", twin: Twin, user_id: int) -> Investor:
    """Never fails: an investor who has done nothing yet has the market's taste."""
    try:
        point = index.get_user(user_id)
    except IndexUnavailable:
        return Investor(twin.known_taste(user_id)).without_index()
    if point is None:
        return Investor(twin.market, twin.market_normaliser)
    evidence = evidence_weight(Counter(each.kind for each in point.history))
    taste = Taste(np.asarray(point.vector, np.float32), evidence, point.log_mean)
    return Investor(taste, point.normaliser, point.history, point.acted_on)


def dealings(investor: Investor, stored: Mapping[str, PropertyHit]) -> list[Dealing]:
    """The newest first, without properties that are no longer stored."""
    kept = [each for each in investor.history if each.property_id in stored]
    return [Dealing(each.kind, stored[each.property_id], each.time, each.because) for each in kept]


def evidence_weight(evidence: Mapping[str, int]) -> float:
    """`Histories.evidence` from the number of properties by kind."""
    return sum(max(KIND_WEIGHTS[kind], 0.0) * count for kind, count in evidence.items())
