"""Qdrant's graph with other settings: how long it takes to build, and what it finds; straight at the engine."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import qdrant_edge as edge

from portfolio_twin.domain.arrays import Matrix
from tests.benchmarks.search.points import TOP

AT_ONCE = 10_000
FULL_SCAN_KB = 1  # so that it is the graph which answers, however few the points
THREADS = 2


@dataclass(frozen=True)
class Graph:
    """The settings of one HNSW graph; m links a point, ef candidates in building and in searching."""

    m: int
    ef_construct: int
    ef: int

    @property
    def name(self) -> str:
        return f"m{self.m}_ef{self.ef_construct}_search{self.ef}"


def built(folder: Path, vectors: Matrix, graph: Graph) -> tuple[edge.EdgeShard, float, float]:
    """The shard, and the seconds on the clock and of the processor that building its graph took."""
    hnsw = edge.HnswIndexConfig(
        m=graph.m, ef_construct=graph.ef_construct, full_scan_threshold=FULL_SCAN_KB, max_indexing_threads=THREADS
    )
    config = edge.EdgeConfig(
        vectors=edge.EdgeVectorParams(size=vectors.shape[1], distance=edge.Distance.Cosine),
        hnsw_config=hnsw,
        optimizers=edge.EdgeOptimizersConfig(indexing_threshold=FULL_SCAN_KB, default_segment_number=1),
    )
    folder.mkdir(parents=True)
    shard = edge.EdgeShard.create(str(folder), config)
    for start in range(0, len(vectors), AT_ONCE):
        part = vectors[start : start + AT_ONCE].tolist()
        points = [edge.Point(start + i, vector, {}) for i, vector in enumerate(part)]
        shard.update(edge.UpdateOperation.upsert_points(points))
    started, worked = time.perf_counter(), time.process_time()
    shard.optimize()
    return shard, time.perf_counter() - started, time.process_time() - worked


def asked(shard: edge.EdgeShard, vectors: Matrix, queries: Matrix, ef: int) -> tuple[float, float]:
    """Milliseconds at the median, and the share of the right ten."""
    taken, recalls = [], []
    for query in queries:
        request = edge.QueryRequest(
            limit=TOP, query=edge.Query.Nearest(query.tolist()), params=edge.SearchParams(hnsw_ef=ef)
        )
        started = time.perf_counter()
        hits = shard.query(request)
        taken.append((time.perf_counter() - started) * 1000)
        scores = vectors @ query
        right = set(np.argpartition(-scores, TOP)[:TOP].tolist())
        recalls.append(len(right & {hit.id for hit in hits}) / TOP)
    return float(np.median(taken)), float(np.mean(recalls))
