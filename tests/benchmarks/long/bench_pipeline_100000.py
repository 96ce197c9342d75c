"""The whole retrain machine on 20 000 properties and 100 000 interactions, by state; added to `pipeline`."""

from tests.benchmarks.bench_pipeline import retrained, stored
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.measure.systems import temporary_system

PROPERTIES, INTERACTIONS = 20_000, 100_000


def main() -> None:
    with temporary_system() as system:
        tenant_id = stored(system, multiplied(PROPERTIES, INTERACTIONS))
        publish("pipeline", retrained(system, [tenant_id], "100000_"))


if __name__ == "__main__":
    main()
