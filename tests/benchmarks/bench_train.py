"""Training: 10 000 interactions for 100 epochs beside the plain design, a whole twin, and how the cost grows."""

from functions.train.offline import freeze
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.clock import growth, peak_rss_mb
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import SEED, multiplied, simulated
from tests.benchmarks.train.learning import ndcg_at_10, plain, tower, tower_ndcg, whole_twin
from tests.benchmarks.train.usual_loop import seconds_per_epoch

EPOCHS = 100
EPOCHS_TIMED = 2  # of the usual loop, and where only the growth of the cost is asked for
SIZES = (1_000, 10_000, 100_000)
FEW_PROPERTIES, SOME_INTERACTIONS = 2_000, 5_000


def main() -> None:
    dataset = simulated()
    snapshot = freeze(dataset, SEED)
    ours = tower(dataset, EPOCHS)
    plain_seconds, answer = plain(snapshot, EPOCHS)
    usual_s = seconds_per_epoch(dataset, EPOCHS_TIMED) * EPOCHS
    tower_quality, plain_quality = tower_ndcg(dataset, EPOCHS), ndcg_at_10(answer, snapshot)
    figures = {
        "interactions": float(len(dataset.log)),
        "train_s": ours.seconds, "train_cpu_s": ours.cpu,
        "train_plain_s": plain_seconds.seconds, "train_usual_loop_s": usual_s,
        "train_speedup": usual_s / ours.cpu,
        "train_ndcg_at_10": tower_quality, "train_plain_ndcg_at_10": plain_quality,
        "train_ndcg_ratio": tower_quality / plain_quality,
    }  # fmt: skip
    for size, name in ((10_000, "twin_10000"), (20_000, "train_20000")):
        taken, _ = whole_twin(dataset if size == 10_000 else multiplied(size, size), TwinConfig())
        figures |= {f"{name}_s": taken.seconds, f"{name}_cpu_s": taken.cpu}
    publish("train", figures | growing() | {"train_rss_mb": peak_rss_mb()})


def growing() -> dict[str, float]:
    """The processor's seconds of a tower's epochs by the number of interactions, of properties, and of both."""
    kinds = {
        "interactions": {size: (FEW_PROPERTIES, size) for size in SIZES},
        "properties": {size: (size, SOME_INTERACTIONS) for size in SIZES},
        "both": {size: (size, size) for size in SIZES},
    }
    figures: dict[str, float] = {}
    for kind, sizes in kinds.items():
        taken = {size: tower(multiplied(*counts), EPOCHS_TIMED).cpu for size, counts in sizes.items()}
        figures |= {f"train_{kind}_{size}_cpu_s": seconds for size, seconds in taken.items()}
        figures[f"train_{kind}_exponent"] = growth(list(map(float, taken)), list(taken.values()))
    return figures


if __name__ == "__main__":
    main()
