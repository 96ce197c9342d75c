"""The twin beside ALS, BPR, LightFM and EASE: seconds to train, milliseconds to recommend, and how well each ranks."""

import time
from statistics import median

import numpy as np

from functions.train.offline import freeze
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import TEST, training_log
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import ranking
from portfolio_twin.evaluation.scoring import Answer, rank_targets
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import SEED, multiplied, simulated
from tests.benchmarks.quality.models import available, fit_all
from tests.benchmarks.quality.rivals.settings import RIVALS
from tests.benchmarks.quality.rivals.training_matrix import Known

NAMES = ("popularity", "ease", "als", "bpr", "lightfm", "twin")
ASKED = 30  # investors, one at a time
RANKED = 500  # investors at most, for the quality
TOP = 10


def main() -> None:
    publish("rivals", compared(simulated(), "1k") | compared(multiplied(10_000, 20_000), "10k"))


def compared(dataset: Dataset, size: str) -> dict[str, float]:
    """By each model's first setting: what a search for a better one would cost is not in it. Who is missing is said."""
    snapshot = freeze(dataset, SEED)
    facts = snapshot.dataset
    known = Known(facts.with_log(training_log(facts.log, snapshot.holdout.of(TEST))), facts)
    names = available(NAMES, len(facts.catalogue), print)
    first = {name: {option: values[0] for option, values in rival.options.items()} for name, rival in RIVALS.items()}
    models = fit_all(names, snapshot, known, chosen=first, seed=SEED, say=lambda _: None)
    figures: dict[str, float] = {}
    for name, model in models.items():
        figures |= {
            f"{name}_{size}_train_s": model.seconds,
            f"{name}_{size}_recommend_ms": recommend_ms(model.answer, snapshot),
            f"{name}_{size}_ndcg_at_10": ndcg_at_10(model.answer, snapshot),
        }
    return figures


def recommend_ms(answer: Answer, snapshot: Snapshot) -> float:
    """Median of one investor's best ten of the whole catalogue; the product retrieves first, as `serving` has it."""
    queries = _asked(snapshot)
    taken = []
    for row in range(min(ASKED, len(queries.users))):
        one = queries.take(np.arange(len(queries.users)) == row)
        started = time.perf_counter()
        np.argpartition(-answer(one)(slice(0, 1))[0], TOP)[:TOP]
        taken.append((time.perf_counter() - started) * 1000)
    return median(taken)


def ndcg_at_10(answer: Answer, snapshot: Snapshot) -> float:
    queries = _asked(snapshot).sample(RANKED)
    return float(ranking(rank_targets(answer(queries), queries, len(snapshot.dataset.catalogue)))["ndcg_at_10"])


def _asked(snapshot: Snapshot) -> Queries:
    return Queries.of(snapshot.dataset, snapshot.holdout, TEST)


if __name__ == "__main__":
    main()
