"""Indexing 1 000 000 properties, added to the figures of `index`; the graph that Qdrant builds later is not in it."""

from tests.benchmarks.index.tenants import index_in_a_process, published
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.measure.systems import temporary_system

MILLION, INTERACTIONS = 1_000_000, 100_000


def main() -> None:
    with temporary_system() as system:
        tenant, _ = published(system, multiplied(MILLION, INTERACTIONS))
        parts = index_in_a_process(tenant)
    figures = {f"index_1000000_{name}": value for name, value in parts.items()}
    publish("index", figures | {"index_1000000_s": parts["properties_s"], "index_rss_mb": parts["rss_mb"]})


if __name__ == "__main__":
    main()
