"""The local Qdrant over one folder: started, asked, stopped, and its graph built in between."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.qdrant.server import QdrantFace
from infra.local.qdrant.shards import Shards
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.qdrant.points import COLLECTIONS

TIMEOUT_SECONDS = 60.0


@contextmanager
def served(state: Path) -> Iterator[VectorIndex]:
    face = QdrantFace(state)
    face.start()
    try:
        yield VectorIndex(face.url, timeout=TIMEOUT_SECONDS)
    finally:
        face.stop()


def build_graph(state: Path) -> float:
    """Seconds; a server does it behind its answers, the local one not at all for as many points."""
    shards = Shards(state)
    try:
        with shards[COLLECTIONS["properties"]].use(writing=True) as shard:
            started = time.perf_counter()
            shard.optimize()
            return time.perf_counter() - started
    finally:
        shards.close()
