"""What the index holds: properties and investors as points, and how they are packed into a payload."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.interactions import Event

Vector = npt.NDArray[np.floating[Any]]
PointKind = Literal["properties", "users"]

COLLECTIONS: dict[PointKind, str] = {"properties": "property_embeddings", "users": "user_embeddings"}
OWNER_FIELDS = ("tenant_id", "model_version")
INDEX_ONLY_FIELDS = frozenset({*OWNER_FIELDS, "property_id", "location"})  # what packing adds, unpacking takes away


class Found(NamedTuple):
    """A point as it comes out of the index."""

    payload: Mapping[str, Any]
    score: float
    vector: Any  # a list of d floats, or None where it was not asked for


@dataclass(frozen=True)
class PropertyHit:
    """A property found: its fields as they were handed in; score is the cosine, 0 where nothing was searched for."""

    property_id: str
    score: float
    payload: Mapping[str, Any]
    vector: Vector | None = field(default=None, compare=False)  # (d,)


@dataclass(frozen=True)
class UserPoint:
    """An investor as the index keeps one: the twin's vector, how much is known, and the recent history."""

    user_id: int
    vector: Vector = field(compare=False)  # (d,)
    evidence: Mapping[str, int] = field(default_factory=dict)  # kind -> number of properties in the history
    history: Sequence[Event] = ()  # newest first, at most HISTORY_LIMIT
    acted_on: Sequence[str] = ()  # property ids that are never recommended again


@dataclass(frozen=True)
class UserHit:
    user_id: int
    score: float
    evidence: Mapping[str, int]


def property_payload(tenant: UUID, version: str, property_id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields, whose they are, and the place in the form that a geo filter reads."""
    payload = {**fields, "tenant_id": str(tenant), "model_version": version, "property_id": property_id}
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is not None and lon is not None:
        payload["location"] = {"lat": lat, "lon": lon}
    return payload


def property_hit(found: Found) -> PropertyHit:
    fields = {name: value for name, value in found.payload.items() if name not in INDEX_ONLY_FIELDS}
    vector = None if found.vector is None else as_vector(found.vector)
    return PropertyHit(found.payload["property_id"], found.score, fields, vector)


def user_payload(tenant: UUID, version: str, user: UserPoint) -> dict[str, Any]:
    return {
        "tenant_id": str(tenant),
        "model_version": version,
        "user_id": user.user_id,
        "evidence": dict(user.evidence),
        "history": [list(event) for event in user.history],
        "acted_on": list(user.acted_on),
    }


def user_point(found: Found) -> UserPoint:
    payload = found.payload
    history = tuple(Event(*entry) for entry in payload["history"])
    vector = as_vector(found.vector)
    return UserPoint(payload["user_id"], vector, payload["evidence"], history, tuple(payload["acted_on"]))


def user_hit(found: Found) -> UserHit:
    return UserHit(found.payload["user_id"], found.score, found.payload["evidence"])


def as_vector(values: Sequence[float]) -> Vector:
    return np.array(values, dtype=np.float32)  # (d,)


def is_owned_by(payload: Mapping[str, Any], tenant: UUID, version: str) -> bool:
    """Whether a point is this tenant's and of this version, whatever the server was asked for."""
    return payload.get("tenant_id") == str(tenant) and payload.get("model_version") == version
