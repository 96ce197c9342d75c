"""What investors do with properties: one interaction, its identity, and a log of them as columns."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args
from uuid import UUID, uuid4, uuid5

import numpy as np
import numpy.typing as npt
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from portfolio_twin.domain.arrays import Columns, Numbers, Texts
from portfolio_twin.domain.properties import WHOLE, PropertyFeatures, PropertyId

Kind = Literal["view", "outreach", "deal", "like", "dislike"]
KINDS: tuple[str, ...] = get_args(Kind)
RecordedKind = Literal[Kind, "clear"]  # clear takes the investor's earlier thumbs for the property back
RECORDED_KINDS: tuple[str, ...] = get_args(RecordedKind)
KIND_CODE = {kind: code for code, kind in enumerate(RECORDED_KINDS)}
THUMBS = ("like", "dislike")
POSITIVE_KINDS: tuple[str, ...] = ("deal", "like")

# How strongly one interaction speaks for (or against) the property, in the pooling of the user tower.
KIND_WEIGHTS: dict[str, float] = {"view": 0.3, "outreach": 0.7, "deal": 1.0, "like": 1.0, "dislike": -0.5}

HISTORY_LIMIT = 50  # distinct properties of an investor that serving pools, the most recent ones
CLOCK_SKEW = timedelta(minutes=5)  # how far ahead another system's clock may be
FIRST_MOMENT = datetime(1900, 1, 1, tzinfo=UTC)
DATE_FIRST = re.compile(r"\d{4}-\d{2}-\d{2}")
KEYED = UUID("6f3c2e0a-6d3b-4b9e-9a53-6d0a5f1c7e01")  # two namespaces: a key never meets a natural one
NATURAL = UUID("0c9d8a54-0f3e-4a07-8f0e-2b7d54a9c602")

BECAUSE_LIMIT = 5
INPUTS = sorted({*PropertyFeatures.model_fields, "location"} - {"attributes"})
InputName = Annotated[str, StringConstraints(pattern=rf"^({'|'.join(INPUTS)}|attributes\.[^\x00-\x1f\x7f]{{1,64}})$")]
BECAUSE = (
    "what of the property decided it: its fields, location, or attributes.NAME; kept with the event and told back, it "
    "does not move the score"
)
Because = Annotated[list[InputName], Field(max_length=BECAUSE_LIMIT, description=BECAUSE)]
# Just below PostgreSQL's largest, and the same number to whoever reads the limit as a double.
LARGEST_USER_ID = 9_200_000_000_000_000_000
UserId = Annotated[int, Field(ge=0, le=LARGEST_USER_ID), WHOLE]
IdempotencyKey = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]


class Interaction(BaseModel):
    """One event: who did what with which property, and when."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    user_id: UserId
    property_id: PropertyId
    kind: RecordedKind
    occurred_at: Annotated[AwareDatetime, Field(strict=False)]
    because: Because = []
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


class Event(NamedTuple):
    """One entry of an investor's history."""

    property_id: str
    kind: str  # the telling kind, one of KINDS
    time: int  # seconds since 1970-01-01 UTC
    because: Sequence[str] = ()  # what of the property decided it, where the investor said


def event_id(interaction: Interaction, *, timed: bool) -> UUID:
    """The same for the same event sent twice: by its idempotency key, else by its content.

    An event without key whose time is our own clock's is always new.
    """
    if interaction.idempotency_key is not None:
        return uuid5(KEYED, interaction.idempotency_key)
    if not timed:
        return uuid4()
    seconds = int(interaction.occurred_at.timestamp())
    return natural_event_id(interaction.user_id, interaction.property_id, interaction.kind, seconds)


def natural_event_id(user_id: int, property_id: str, kind: str, seconds: int) -> UUID:
    return uuid5(NATURAL, f"{user_id}\n{kind}\n{seconds}\n{property_id}")


@dataclass(frozen=True)
class InteractionLog(Columns):
    """Interactions as columns, in the order of time."""

    users: Numbers  # (m,)
    properties: Texts  # (m,) property ids
    kinds: npt.NDArray[np.int8]  # (m,) codes: RECORDED_KINDS[code], KINDS[code] of what is standing
    times: Numbers  # (m,) seconds since 1970-01-01 UTC

    @classmethod
    def of(cls, interactions: Sequence[Interaction]) -> Self:
        return cls(
            np.array([i.user_id for i in interactions], dtype=np.int64),
            np.array([i.property_id for i in interactions], dtype=object),
            np.array([KIND_CODE[i.kind] for i in interactions], dtype=np.int8),
            np.array([int(i.occurred_at.timestamp()) for i in interactions], dtype=np.int64),
        ).in_time_order()

    def in_time_order(self) -> Self:
        return self.take(np.argsort(self.times, kind="stable"))

    def standing(self) -> Self:
        """What counts: no thumb that was taken back, and no taking back; of a log in the order of time."""
        cleared = self.kinds == KIND_CODE["clear"]
        if not cleared.any():
            return self
        pairs = list(zip(self.users.tolist(), self.properties.tolist(), strict=True))
        last = {pairs[i]: i for i in np.flatnonzero(cleared).tolist()}
        thumbs = np.isin(self.kinds, [KIND_CODE[kind] for kind in THUMBS]) & np.isin(self.users, self.users[cleared])
        void = [i for i in np.flatnonzero(thumbs).tolist() if i < last.get(pairs[i], -1)]
        cleared[void] = True
        return self.take(~cleared)
