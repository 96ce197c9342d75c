"""The twin and its rivals at 100 000 properties and interactions; added to `rivals`."""

from tests.benchmarks.bench_rivals import compared
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied

SIZE = 100_000


def main() -> None:
    publish("rivals", compared(multiplied(SIZE, SIZE), "100k"))


if __name__ == "__main__":
    main()
