"""What investors do with properties, and what it says about them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from portfolio_twin.domain.properties import PropertyId

Kind = Literal["view", "outreach", "deal", "like", "dislike"]
KINDS: tuple[str, ...] = get_args(Kind)
KIND_CODE = {kind: code for code, kind in enumerate(KINDS)}
POSITIVE_KINDS: tuple[str, ...] = ("deal", "like")

# How strongly one interaction speaks for (or against) the property, in the pooling of the user tower.
KIND_WEIGHTS: dict[str, float] = {"view": 0.3, "outreach": 0.7, "deal": 1.0, "like": 1.0, "dislike": -0.5}

HISTORY_LIMIT = 50  # distinct properties of an investor that serving pools, the most recent ones
CLOCK_SKEW = timedelta(minutes=5)  # how far ahead another system's clock may be
FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
DATE_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")

UserId = Annotated[int, Field(ge=0, le=2**63 - 1)]
IdempotencyKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Interaction(BaseModel):
    """One event: who did what with which property, and when."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    user_id: UserId
    property_id: PropertyId
    kind: Kind
    occurred_at: Annotated[AwareDatetime, Field(strict=False)]
    idempotency_key: IdempotencyKey | None = None

    @field_validator("occurred_at", mode="before")
    @classmethod
    def _written_as_a_date(cls, value: Any) -> Any:
        """Pydantic would read a bare number as seconds since 1970."""
        if not isinstance(value, datetime) and not (isinstance(value, str) and DATE_FIRST.match(value)):
            raise ValueError("give the time in ISO 8601: 2026-01-31T09:30:00Z")
        return value

    @field_validator("occurred_at")
    @classmethod
    def _possible(cls, value: datetime) -> datetime:
        if value > datetime.now(UTC) + CLOCK_SKEW:
            raise ValueError("occurred_at lies in the future")
        if value < FIRST_MOMENT:
            raise ValueError(f"occurred_at lies before {FIRST_MOMENT:%Y}")
        return value


@dataclass(frozen=True)
class InteractionLog:
    """Interactions as columns, in the order of time."""

    users: npt.NDArray[np.int64]  # (m,)
    properties: npt.NDArray[np.object_]  # (m,) property ids, str
    kinds: npt.NDArray[np.int8]  # (m,) codes: KINDS[code]
    times: npt.NDArray[np.int64]  # (m,) seconds since 1970-01-01 UTC

    def __len__(self) -> int:
        return len(self.users)

    @classmethod
    def of(cls, interactions: Sequence[Interaction]) -> Self:
        return cls(
            np.array([i.user_id for i in interactions], dtype=np.int64),
            np.array([i.property_id for i in interactions], dtype=object),
            np.array([KIND_CODE[i.kind] for i in interactions], dtype=np.int8),
            np.array([int(i.occurred_at.timestamp()) for i in interactions], dtype=np.int64),
        ).in_time_order()

    def take(self, rows: npt.NDArray[np.integer[Any]] | npt.NDArray[np.bool_]) -> Self:
        return type(self)(self.users[rows], self.properties[rows], self.kinds[rows], self.times[rows])

    def in_time_order(self) -> Self:
        return self.take(np.argsort(self.times, kind="stable"))


@dataclass(frozen=True)
class Evidence:
    """One line per investor and property: what the whole of their dealings says. In the order of (user, last time)."""

    users: npt.NDArray[np.int64]  # (k,)
    properties: npt.NDArray[np.int64]  # (k,) the property numbers that were passed in
    kinds: npt.NDArray[np.int8]  # (k,) the telling kind
    weights: npt.NDArray[np.float32]  # (k,) KIND_WEIGHTS of that kind
    times: npt.NDArray[np.int64]  # (k,) of the last interaction


def gather_evidence(
    users: npt.NDArray[np.int64],
    properties: npt.NDArray[np.int64],
    kinds: npt.NDArray[np.int8],
    times: npt.NDArray[np.int64],
) -> Evidence:
    """Reduces interactions, each array (m,), to one telling kind per investor and property.

    The last thumb decides between for and against: a dislike that no later like takes back tells all; otherwise
    the strongest kind among the others tells.
    """
    strength = np.array([KIND_WEIGHTS[kind] for kind in KINDS], dtype=np.float32)
    order = np.lexsort((times, properties, users))
    u, p, k, t = users[order], properties[order], kinds[order], times[order]
    if len(u) == 0:
        return Evidence(u, p, k, strength[k], t)
    starts = np.flatnonzero(np.r_[True, (u[1:] != u[:-1]) | (p[1:] != p[:-1])])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(u)]))

    thumb = (k == KIND_CODE["like"]) | (k == KIND_CODE["dislike"])
    last_thumb = np.maximum.reduceat(np.where(thumb, np.arange(len(u)), -1), starts)
    disliked = (last_thumb >= 0) & (k[last_thumb] == KIND_CODE["dislike"])

    kind_of_rank = np.argsort(strength, kind="stable")
    rank_of_kind = np.argsort(kind_of_rank, kind="stable")
    ranks = np.where(disliked[group] == (k == KIND_CODE["dislike"]), rank_of_kind[k], -1)
    telling = kind_of_rank[np.maximum.reduceat(ranks, starts)].astype(np.int8)
    last = np.maximum.reduceat(t, starts)
    by_user_then_time = np.lexsort((last, u[starts]))
    chosen = starts[by_user_then_time]
    telling, last = telling[by_user_then_time], last[by_user_then_time]
    return Evidence(u[chosen], p[chosen], telling, strength[telling], last)
