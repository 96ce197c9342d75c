"""Top ten through HTTP: milliseconds, and how many of the right ten came back."""

import time
from collections.abc import Sequence
from statistics import mean, median, quantiles
from uuid import UUID

from portfolio_twin.adapters.qdrant.filters import EVERYTHING
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.domain.criteria import Narrowing
from tests.benchmarks.search.points import TOP, VERSION, Points

QUERIES, WARM_UP = 100, 10


def ask(index: VectorIndex, points: Points, tenants: Sequence[UUID], narrowing: Narrowing | None) -> dict[str, float]:
    """Each query by another tenant in turn; numpy scans the same rows beside it."""
    taken, by_numpy, recalls = [], [], []
    rows = [points.of_tenant(tenant, len(tenants)) for tenant in range(len(tenants))]
    for i, query in enumerate(points.queries(WARM_UP + QUERIES)):
        tenant = i % len(tenants)
        started = time.perf_counter()
        hits = index.of(tenants[tenant], VERSION).search(query, limit=TOP, narrowing=narrowing or EVERYTHING)
        answered = time.perf_counter()
        right = points.nearest(query, rows[tenant], narrowing)
        compared = time.perf_counter()
        if i >= WARM_UP:
            taken.append((answered - started) * 1000)
            by_numpy.append((compared - answered) * 1000)
            recalls.append(len(right & {hit.property_id for hit in hits}) / TOP)
    cuts = quantiles(taken, n=100, method="inclusive")
    return {
        "p50_ms": median(taken), "p95_ms": cuts[94], "p99_ms": cuts[98],
        "recall_at_10": mean(recalls), "numpy_p50_ms": median(by_numpy),
    }  # fmt: skip


def ask_both(index: VectorIndex, points: Points, tenants: Sequence[UUID], prefix: str) -> dict[str, float]:
    """With the tenant and a range of prices, which is the usual question, and with the tenant alone."""
    figures: dict[str, float] = {}
    for kind, narrowing in (("", points.narrowing()), ("unfiltered_", None)):
        asked = ask(index, points, tenants, narrowing)
        figures |= {f"{prefix}_{kind}{name}": value for name, value in asked.items()}
    return figures
