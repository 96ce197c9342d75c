"""A local Qdrant for a test, and points to fill it with."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from infra.local.qdrant_server import QdrantFace
from portfolio_twin.adapters.index_points import Vector
from portfolio_twin.adapters.vector_index import UserPoint, VectorIndex
from tests.fakes import FakeVectorIndex

Index = VectorIndex | FakeVectorIndex
KINDS = ("fake", "http")
VERSION = "20261101T030000Z-0a1b2c3d"
TIMEOUT_SECONDS = 30.0
PROPERTY_TYPES = ("Condo", "Land", "Single Family")


@contextmanager
def serving(state: Path, port: int = 0) -> Iterator[str]:
    """The URL of a face over this state folder."""
    face = QdrantFace(state, port)
    face.start()
    try:
        yield face.url
    finally:
        face.stop()


@contextmanager
def index_over_http(state: Path) -> Iterator[VectorIndex]:
    with serving(state) as url:
        index = VectorIndex(url, None, TIMEOUT_SECONDS)
        try:
            yield index
        finally:
            index.close()


@contextmanager
def either_index(kind: str, state: Path) -> Iterator[Index]:
    """The fake or the real thing, without any collection yet."""
    if kind == "fake":
        yield FakeVectorIndex()
        return
    with index_over_http(state) as real:
        yield real


def unit_vectors(n: int, seed: int = 0) -> Vector:
    drawn = np.random.default_rng(seed).normal(size=(n, 16))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), dtype=np.float32)


def property_rows(n: int) -> list[dict[str, Any]]:
    """Properties along a street that runs north, 1.11 km apart; every seventh has no price and no place."""
    rows: list[dict[str, Any]] = []
    for i in range(n):
        row: dict[str, Any] = {
            "property_type": PROPERTY_TYPES[i % 3],
            "zipcode": f"122{i % 5:02d}",
            "listing_status": "Active" if i % 2 else "Sold",
            "bedrooms": float(i % 6),
            "bathrooms": i % 4 / 2,
            "square_footage": 1000.0 + i,
            "renovation_needed": i % 2 == 0,
            "year_built": 1950 + i % 70,
            "attributes": {"view": "river", "floors": 2.0},
        }
        known = {"listing_price": 100_000.0 + 1000 * i, "lat": 42.0 + 0.01 * i, "lon": -73.75}
        rows.append(row if i % 7 == 0 else row | known)
    return rows


def property_names(n: int) -> list[str]:
    return [f"p{i}" for i in range(n)]


def investors(n: int, seed: int = 1) -> list[UserPoint]:
    """Each with three views, every second with a deal, and two events of which the first carries its number."""
    events = [(("p1", "deal", 1_700_000_000 + i), ("p2", "view", 5)) for i in range(n)]
    evidence = [{"view": 3, "deal": i % 2} for i in range(n)]
    return [UserPoint(i, v, evidence[i], events[i], ("p1",)) for i, v in enumerate(unit_vectors(n, seed))]
