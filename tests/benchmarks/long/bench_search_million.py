"""Top ten of 1 000 000 properties of 1, 10 and 100 tenants through HTTP, added to `search`; the graph timed apart.

Forty minutes, twenty of them for the graph: what is known is published as it comes.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from tests.benchmarks.bench_search import searched
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.search.asking import ask_both
from tests.benchmarks.search.points import Points
from tests.benchmarks.search.serving import build_graph, served

MILLION = 1_000_000
SHARED = (10, 100)  # tenants: where each has so few, Qdrant scans them, graph or not


def main() -> None:
    points = Points.make(MILLION)
    publish("search", searched_by_graph(points))
    for count in SHARED:
        publish("search", searched(points, count, f"search_1m_{count}_tenants"))


def searched_by_graph(points: Points) -> dict[str, float]:
    """All of them one tenant's: before the graph is built, and by it."""
    tenant = [uuid4()]
    with TemporaryDirectory() as folder:
        with served(Path(folder)) as index:
            started = time.perf_counter()
            points.store(index, tenant)
            figures = {"search_1m_store_s": time.perf_counter() - started}
            figures |= ask_both(index, points, tenant, "search_1m_scanned")
        figures["search_1m_graph_s"] = build_graph(Path(folder))
        with served(Path(folder)) as index:
            return figures | ask_both(index, points, tenant, "search_1m")


if __name__ == "__main__":
    main()
