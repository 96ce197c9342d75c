"""Indexing from PostgreSQL through the tower into Qdrant's engine over HTTP: by part, and what changed beside all."""

from statistics import median

from tests.benchmarks.index.tenants import index_in_a_process, published
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.measure.systems import temporary_system

SIZE, REPEATS = 10_000, 3


def main() -> None:
    with temporary_system() as system:
        tenant, _ = published(system, multiplied(SIZE, SIZE))
        taken = [index_in_a_process(tenant) for _ in range(REPEATS)]
    parts = {name: median(each[name] for each in taken) for name in taken[0]}
    figures = {f"index_10000_{name}": value for name, value in parts.items()}
    publish("index", figures | {"index_10000_s": parts["properties_s"], "index_rss_mb": parts["rss_mb"]})


if __name__ == "__main__":
    main()
