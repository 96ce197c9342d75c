"""Who is asking: the investor's vector, evidence and history, from the index or, when it is down, from the bundle."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import numpy as np

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import KIND_WEIGHTS, POSITIVE_KINDS, Event
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.twin import Taste, Twin

Strategy = Literal["twin", "content", "buy_box", "popular"]


@dataclass(frozen=True)
class Investor:
    vector: Matrix  # (d,)
    evidence: float  # sum of the weights in the history that are above 0
    history: Sequence[Event]  # the newest first
    acted_on: Sequence[str]
    degraded: bool  # the index is down: this is what training knew

    def strategy(self, twin: Twin) -> Strategy:
        """What the answers rest on: the market's taste as long as nothing is known of the investor."""
        return twin.kind if self.evidence > 0 else "popular"

    @property
    def taste(self) -> Taste:
        return Taste(self.vector, self.evidence)

    @property
    def liked(self) -> tuple[str, ...]:
        return tuple(property_id for property_id, kind, _ in self.history if kind in POSITIVE_KINDS)


def know_investor(twin: Twin, index: VectorIndex, tenant: UUID, user_id: int) -> Investor:
    """Never fails: an investor that nobody has heard of has the market's taste."""
    try:
        point = index.get_user(tenant, twin.version, user_id)
    except IndexUnavailable:
        vector, evidence = twin.known_user(user_id)
        telemetry.count("Degraded")
        return Investor(vector, evidence, (), (), degraded=True)
    if point is None:
        vector, evidence = twin.known_user(user_id)
        return Investor(vector, evidence, (), (), degraded=False)
    vector = np.asarray(point.vector, np.float32)
    evidence = evidence_weight(Counter(kind for _, kind, _ in point.history))
    return Investor(vector, evidence, point.history, point.acted_on, degraded=False)


def evidence_weight(evidence: Mapping[str, int]) -> float:
    """`Histories.evidence` from the number of properties by kind."""
    return sum(max(KIND_WEIGHTS[kind], 0.0) * count for kind, count in evidence.items())
