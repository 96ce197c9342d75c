"""A whole twin of 1 000 000 properties and as many interactions: seconds and memory, added to those of `train`."""

from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.clock import peak_rss_mb
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.train.learning import whole_twin

MILLION = 1_000_000


def main() -> None:
    taken, _ = whole_twin(multiplied(MILLION, MILLION), TwinConfig())
    figures = {"train_1000000_s": taken.seconds, "train_1000000_cpu_s": taken.cpu}
    publish("train", figures | {"train_1000000_rss_mb": peak_rss_mb()})


if __name__ == "__main__":
    main()
