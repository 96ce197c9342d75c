"""The product's own models, trained by its own job and asked by its own scoring."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import isnan
from uuid import UUID

from functions.train.assemble import Design
from functions.train.job import Job
from functions.train.learn import Learner, fit
from functions.train.plain.config import PlainConfig
from functions.train.plain.job import train_plain as plain_design
from functions.train.plain.loop import FittedPlain
from functions.train.progress import Epoch, Progress
from functions.train.training_data import TrainingData
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, TwinAnswers
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import Twin

TENANT = UUID(int=1)
EPOCHS_PER_LINE = 10


@dataclass(frozen=True)
class Trained:
    twin: Twin
    seconds: float  # of everything between the snapshot and the twin
    first_step_seconds: float


def train(snapshot: Snapshot, config: TwinConfig, say: Callable[[str], None]) -> Trained:
    started = time.perf_counter()
    learner = Learner(Design("comparison", "twin", config), progress=Progress(_every_tenth(say), say))
    fitted = fit(learner, TrainingData.of(snapshot, config), snapshot.holdout)
    seconds = time.perf_counter() - started
    return Trained(fitted.twin, seconds, sum(epoch["seconds"] for epoch in fitted.history))


def train_plain(snapshot: Snapshot, seed: int, say: Callable[[str], None]) -> FittedPlain:
    """The yardstick, by the same job."""
    job = Job(TENANT, "comparison", design="plain", plain=PlainConfig(seed=seed))
    return plain_design(job, snapshot, Progress(_every_tenth(say)))


def _every_tenth(say: Callable[[str], None]) -> Callable[[Epoch, int], None]:
    def epoch(figures: Epoch, epochs: int) -> None:
        if figures["epoch"] % EPOCHS_PER_LINE == 0:
            score = figures["val_ndcg_at_10"]  # NaN of what has learnt the validation targets too
            told = "" if isnan(score) else f", NDCG@10 {score:.4f} on validation"
            say(f"epoch {figures['epoch']:.0f}/{epochs}{told}")

    return epoch


def whole(twin: Twin, facts: Dataset, *, discover: bool = False) -> Answer:
    """As the product ranks, with all that the bundle holds; `facts` is cut at the time of each query."""
    return partial(TwinAnswers(twin, facts).ranked, discover=discover)


def affinities(twin: Twin, facts: Dataset, *, layered: bool = True) -> Callable[[Queries], Floats]:
    """(p,) the probability of each pair; by the tower alone, as of raw features, where not `layered`."""
    answers = TwinAnswers(twin, facts)
    return lambda queries: answers.classified(queries, layered=layered).affinity


def first_step(twin: Twin, facts: Dataset) -> Answer:
    """The tower alone: cosines."""
    return TwinAnswers(twin, facts).by_cosine


def config_of(name: str, seed: int) -> TwinConfig:
    """`twin` with any settings changed: twin:history_limit=20,dropout=0.1."""
    changes = dict(part.split("=", 1) for part in name.partition(":")[2].split(",") if part)
    return replace(TwinConfig(seed=seed), **{key: json.loads(value) for key, value in changes.items()})
