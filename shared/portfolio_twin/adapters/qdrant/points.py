"""What the index holds: properties and investors as points, and how they are packed into a payload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.interactions import Event
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.scoring.offer import Normaliser

Vector = npt.NDArray[np.floating[Any]]
PointKind = Literal["properties", "users"]
Item = TypeVar("Item")

COLLECTIONS: dict[PointKind, str] = {"properties": "property_embeddings", "users": "user_embeddings"}
OWNER_FIELDS = ("tenant_id", "model_version")
INDEX_ONLY_FIELDS = frozenset(
    {*OWNER_FIELDS, "property_id", "location", "activity"}
)  # what packing adds, unpacking takes away


class Owner(NamedTuple):
    """Whose points: one tenant's, of one version of its model."""

    tenant_id: UUID
    version: str

    def fields(self) -> dict[str, str]:
        return {"tenant_id": str(self.tenant_id), "model_version": self.version}


class Point(NamedTuple):
    """A point as it comes out of the index."""

    payload: Mapping[str, Any]
    score: float
    vector: Any  # a list of d floats, or None where it was not asked for


class Page(NamedTuple, Generic[Item]):
    """A part of a list."""

    items: Sequence[Item]
    next: str | None  # the id of the point that the next part begins with; None: this was the last


@dataclass(frozen=True)
class PropertyHit:
    """A property of the index, its fields as they were stored; score is the cosine, 0 outside a search."""

    property_id: str
    score: float
    payload: Mapping[str, Any]
    vector: Vector | None = field(default=None, compare=False)  # (d,)
    activity: Vector | None = field(default=None, compare=False)  # (windows,) of today, where a ranking layer reads it


@dataclass(frozen=True)
class UserPoint:
    """An investor as the index keeps one: vector, evidence, the recent history, what their scores stand against."""

    user_id: int
    vector: Vector = field(compare=False)  # (d,)
    evidence: Mapping[str, int] = field(default_factory=dict)  # kind -> number of properties in the history
    history: Sequence[Event] = ()  # newest first, at most HISTORY_LIMIT
    acted_on: Sequence[str] = ()  # property ids that are never recommended again
    log_mean: float = field(default=0.0, compare=False)  # see `Taste`
    normaliser: Normaliser | None = field(default=None, compare=False)  # of the ranking layer, where there is one


class UserRecord(NamedTuple):
    """What is known of an investor, without what serving computes with."""

    user_id: int
    evidence: Mapping[str, int]
    acted_on: Sequence[str]
    moved_at: int | None  # seconds since 1970-01-01 UTC of the newest entry of the history


class UserHit(NamedTuple):
    user_id: int
    score: float
    evidence: Mapping[str, int]
    log_mean: float
    acted_on: Sequence[str]


def property_payload(
    owner: Owner, property_id: str, fields: Mapping[str, Any], activity: Vector | None
) -> dict[str, Any]:
    """The fields, whose they are, the location in the form that a geo filter reads, and the activity."""
    payload = {**fields, **owner.fields(), "property_id": property_id}
    if activity is not None:
        payload["activity"] = activity.tolist()
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is not None and lon is not None:
        payload["location"] = {"lat": lat, "lon": lon}
    return payload


def property_hit(point: Point) -> PropertyHit:
    fields = dict(point.payload)
    for name in INDEX_ONLY_FIELDS:
        fields.pop(name, None)
    vector = None if point.vector is None else as_vector(point.vector)
    activity = as_vector(point.payload["activity"]) if "activity" in point.payload else None
    return PropertyHit(point.payload["property_id"], point.score, fields, vector, activity)


def catalogue_of(hits: Sequence[PropertyHit]) -> Catalogue:
    """The properties as they are stored."""
    return Catalogue.from_rows([hit.property_id for hit in hits], [hit.payload for hit in hits])


def user_payload(owner: Owner, user: UserPoint) -> dict[str, Any]:
    return {
        **owner.fields(),
        "user_id": user.user_id,
        "log_mean": user.log_mean,
        "normaliser": _packed(user.normaliser),
        "evidence": dict(user.evidence),
        "history": [list(event) for event in user.history],
        "acted_on": list(user.acted_on),
    }


def user_point(point: Point) -> UserPoint:
    payload = point.payload
    history = tuple(_event(*entry) for entry in payload["history"])
    vector = as_vector(point.vector)
    return UserPoint(
        user_id=payload["user_id"], vector=vector, log_mean=payload["log_mean"],
        normaliser=_unpacked(payload["normaliser"]), evidence=payload["evidence"], history=history,
        acted_on=tuple(payload["acted_on"]),
    )  # fmt: skip


def _event(property_id: str, kind: str, time: int, because: Sequence[str] = ()) -> Event:
    return Event(property_id, kind, time, tuple(because))


def _packed(normaliser: Normaliser | None) -> list[float] | None:
    return [normaliser.log_mean, *normaliser.terms.tolist()] if normaliser else None


def _unpacked(numbers: Sequence[float] | None) -> Normaliser | None:
    return Normaliser(numbers[0], np.array(numbers[1:], dtype=np.float32)) if numbers else None


def user_hit(point: Point) -> UserHit:
    payload = point.payload
    return UserHit(
        payload["user_id"], point.score, payload["evidence"], payload["log_mean"], tuple(payload["acted_on"])
    )


def user_record(point: Point) -> UserRecord:
    payload = point.payload
    newest = max((Event(*entry).time for entry in payload["history"]), default=None)
    return UserRecord(payload["user_id"], payload["evidence"], tuple(payload["acted_on"]), newest)


def as_vector(values: Sequence[float]) -> Vector:
    return np.array(values, dtype=np.float32)  # (d,)
