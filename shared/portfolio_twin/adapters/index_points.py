"""What the index holds: properties and investors as points, and how they are packed into a payload."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.floating[Any]]
PointKind = Literal["properties", "users"]
Event = tuple[str, str, int]  # property id, kind of interaction, seconds since 1970-01-01 UTC

COLLECTIONS: dict[PointKind, str] = {"properties": "property_embeddings", "users": "user_embeddings"}
OWNER_FIELDS = ("tenant_id", "model_version")
INDEX_ONLY_FIELDS = frozenset({*OWNER_FIELDS, "property_id", "location"})  # what packing adds, unpacking takes away


@dataclass(frozen=True)
class PropertyHit:
    """A property found: its fields as they were handed in; score is the cosine, 0 where nothing was searched for."""

    property_id: str
    score: float
    payload: Mapping[str, Any]
    vector: Vector | None = None  # (d,)


@dataclass(frozen=True)
class UserPoint:
    """An investor as the index keeps one: the twin's vector, how much is known, and the recent history."""

    user_id: int
    vector: Vector  # (d,)
    evidence: Mapping[str, int] = field(default_factory=dict)  # kind -> number of interactions
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


def property_hit(payload: Mapping[str, Any], score: float, vector: Sequence[float] | None) -> PropertyHit:
    fields = {name: value for name, value in payload.items() if name not in INDEX_ONLY_FIELDS}
    return PropertyHit(payload["property_id"], score, fields, None if vector is None else as_vector(vector))


def user_payload(tenant: UUID, version: str, user: UserPoint) -> dict[str, Any]:
    return {
        "tenant_id": str(tenant),
        "model_version": version,
        "user_id": user.user_id,
        "evidence": dict(user.evidence),
        "history": [list(event) for event in user.history],
        "acted_on": list(user.acted_on),
    }


def user_point(payload: Mapping[str, Any], vector: Sequence[float]) -> UserPoint:
    history = tuple((property_id, kind, time) for property_id, kind, time in payload["history"])
    return UserPoint(payload["user_id"], as_vector(vector), payload["evidence"], history, tuple(payload["acted_on"]))


def user_hit(payload: Mapping[str, Any], score: float) -> UserHit:
    return UserHit(payload["user_id"], score, payload["evidence"])


def as_vector(values: Iterable[float]) -> Vector:
    return np.array(list(values), dtype=np.float32)  # (d,)


def is_owned_by(payload: Mapping[str, Any] | None, tenant: UUID, version: str) -> bool:
    """Whether a point is this tenant's and of this version, whatever the server was asked for."""
    return payload is not None and payload.get("tenant_id") == str(tenant) and payload.get("model_version") == version
