"""One learning, timed: a tower, the whole twin, the plain design."""

import time
from dataclasses import replace
from typing import NamedTuple

from functions.train.assemble import Design
from functions.train.learn import Fitted, Learner, fit, learn_everything
from functions.train.offline import freeze
from functions.train.plain.config import PlainConfig
from functions.train.plain.loop import fit as fit_plain
from functions.train.progress import Progress
from functions.train.tower.train import train_tower
from functions.train.training_data import TrainingData
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.split import TEST
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import ranking
from portfolio_twin.evaluation.scoring import Answer, TwinAnswers, rank_targets
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.markets import SEED

TOWER_ALONE = replace(TwinConfig(), ranking=False)


class Taken(NamedTuple):
    """On the clock, and of the processor: on a busy machine only the second means anything."""

    seconds: float
    cpu: float


class Clock:
    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def taken(self) -> Taken:
        return Taken(time.perf_counter() - self._wall, time.process_time() - self._cpu)


def tower(dataset: Dataset, epochs: int) -> Taken:
    """The tower's training alone."""
    config = replace(TOWER_ALONE, epochs=epochs)
    data = TrainingData.of(freeze(dataset, SEED), config)
    clock = Clock()
    train_tower(data, config, device="cpu", checkpoints=None, progress=Progress())
    return clock.taken()


def whole_twin(
    dataset: Dataset,
    config: TwinConfig,
    progress: Progress = Progress(),  # noqa: B008  # it is frozen
) -> tuple[Taken, Fitted]:
    """All three learnings and the ranking layer of each, as the job does them."""
    clock, snapshot = Clock(), freeze(dataset, SEED)
    learner, data = Learner(Design("bench", "twin", config), progress=progress), TrainingData.of(snapshot, config)
    fitted = fit(learner, data, snapshot.holdout)
    learn_everything(learner, data, fitted)
    return clock.taken(), fitted


def plain(snapshot: Snapshot, epochs: int) -> tuple[Taken, Answer]:
    """The yardstick, by the product's own loop for it."""
    config = replace(PlainConfig(), epochs=epochs)
    data, clock = TrainingData.of(snapshot, TOWER_ALONE), Clock()
    model = fit_plain(data, config, device="cpu", progress=Progress()).model
    return clock.taken(), model.answer


def ndcg_at_10(answer: Answer, snapshot: Snapshot) -> float:
    """By full ranking of the test targets."""
    queries = Queries.of(snapshot.dataset, snapshot.holdout, TEST)
    return float(ranking(rank_targets(answer(queries), queries, len(snapshot.dataset.catalogue)))["ndcg_at_10"])


def tower_ndcg(dataset: Dataset, epochs: int) -> float:
    """Of a tower without a ranking layer, learnt as the plain one is: without the test targets."""
    config, snapshot = replace(TOWER_ALONE, epochs=epochs), freeze(dataset, SEED)
    twin = fit(Learner(Design("bench", "twin", config)), TrainingData.of(snapshot, config), snapshot.holdout).twin
    return ndcg_at_10(TwinAnswers(twin, snapshot.dataset).by_cosine, snapshot)
