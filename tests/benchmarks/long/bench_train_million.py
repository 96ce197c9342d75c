"""A whole twin of 1 000 000 properties and as many interactions: seconds and memory, added to those of `train`."""

from functions.train.progress import on_stderr
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.clock import peak_of_all_mb
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import multiplied
from tests.benchmarks.train.learning import whole_twin

MILLION = 1_000_000


def main() -> None:
    with peak_of_all_mb() as peak:
        taken, fitted = whole_twin(multiplied(MILLION, MILLION), TwinConfig(), on_stderr())
    publish("train", {
        "train_1000000_s": taken.seconds, "train_1000000_cpu_s": taken.cpu, "train_1000000_rss_mb": peak(),
        "train_1000000_epochs": len(fitted.history),
    })  # fmt: skip


if __name__ == "__main__":
    main()
