"""An atlas of any size, as the browser gets it, and one investor's view of it."""

import json

import numpy as np
from safetensors.numpy import save

from portfolio_twin.domain.properties import LISTING_STATUSES, PROPERTY_TYPES

NOWHERE = 65_535


def make_atlas(n: int, version: str) -> bytes:
    random = np.random.default_rng(1)
    places = random.normal(size=(12, 2))[random.integers(0, 12, n)] + 0.25 * random.normal(size=(n, 2))  # (n, 2)
    places = (places - places.min(0)) / np.ptp(places, axis=0)
    names = [f"P-{i:06d}" for i in range(n)]
    columns = {
        "x": (places[:, 0] * NOWHERE).astype(np.uint16),
        "y": (places[:, 1] * NOWHERE).astype(np.uint16),
        "lat": (41.4 + 0.1 * places[:, 0]).astype(np.float32),
        "lon": (-71.6 + 0.1 * places[:, 1]).astype(np.float32),
        "price": random.lognormal(13, 0.4, n).astype(np.float32),
        "type": random.integers(0, len(PROPERTY_TYPES), n).astype(np.uint8),
        "status": random.integers(0, len(LISTING_STATUSES), n).astype(np.uint8),
        "days": random.integers(0, 300, n).astype(np.uint16),
        "ids": np.frombuffer("".join(names).encode(), np.uint8),
        "offsets": np.cumsum([0] + [len(name) for name in names]).astype(np.uint32),
    }
    about = {"types": json.dumps(PROPERTY_TYPES), "statuses": json.dumps(LISTING_STATUSES), "method": "invented"}
    return save(columns, metadata=about | {"model_version": version, "trustworthiness_at_10": ""})


def make_view(n: int, version: str, seed: int) -> bytes:
    random = np.random.default_rng(seed)
    columns = {name: random.integers(0, 256, n).astype(np.uint8) for name in ("affinity", "confidence")}
    return save(columns, metadata={"x": "30000", "y": "40000", "model_version": version, "strategy": "twin"})
