"""Top ten of 10 000 and 100 000 properties of 1, 10 and 100 tenants, through HTTP, with recall against exact numpy."""

from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from tests.benchmarks.measure.figures import publish
from tests.benchmarks.search.asking import ask_both
from tests.benchmarks.search.points import Points
from tests.benchmarks.search.serving import served

SIZES = {"10k": 10_000, "100k": 100_000}
TENANTS = (1, 10, 100)


def main() -> None:
    figures: dict[str, float] = {}
    for name, size in SIZES.items():
        points = Points.make(size)
        for count in TENANTS:
            figures |= searched(points, count, f"search_{name}_{count}_tenants")
    publish("search", figures)


def searched(points: Points, count: int, prefix: str) -> dict[str, float]:
    """In an index of their own."""
    tenants = [uuid4() for _ in range(count)]
    with TemporaryDirectory() as folder, served(Path(folder)) as index:
        points.store(index, tenants)
        return ask_both(index, points, tenants, prefix)


if __name__ == "__main__":
    main()
