"""Which settings of Qdrant's graph are right at 16 dimensions: building, recall and milliseconds of each."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure.figures import publish
from tests.benchmarks.search.graph import Graph, asked, built
from tests.benchmarks.search.points import Points

SIZE, QUERIES = 50_000, 300
BUILDS = ((8, 64), (16, 100), (32, 200))  # m, ef_construct; the second is Qdrant's own
SEARCHES = (32, 64, 100, 200)  # ef; where none is named, Qdrant takes that of the building


def main() -> None:
    points = Points.make(SIZE)
    queries, figures = points.queries(QUERIES), dict[str, float]()
    for m, ef_construct in BUILDS:
        with TemporaryDirectory() as folder:
            shard, seconds, cpu = built(Path(folder) / "shard", points.vectors, Graph(m, ef_construct, 0))
            figures |= {f"m{m}_ef{ef_construct}_build_s": seconds, f"m{m}_ef{ef_construct}_build_cpu_s": cpu}
            for ef in SEARCHES:
                milliseconds, recall = asked(shard, points.vectors, queries, ef)
                name = Graph(m, ef_construct, ef).name
                figures |= {f"{name}_p50_ms": milliseconds, f"{name}_recall_at_10": recall}
            shard.close()
    publish("graph", figures)


if __name__ == "__main__":
    main()
