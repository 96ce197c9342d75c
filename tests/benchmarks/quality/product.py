"""The product's own models, trained by its own job and asked by its own scoring."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from functions.train.job import Job, fit
from functions.train.progress import Epoch, Progress
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.baselines import Scorer
from portfolio_twin.evaluation.queries import Queries, investors, whole_scorer
from portfolio_twin.model.activity import Activity
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import Twin
from tests.benchmarks.quality.rivals.training_matrix import Answer

TENANT = UUID(int=1)
EPOCHS_PER_LINE = 10


@dataclass(frozen=True)
class Trained:
    twin: Twin
    seconds: float  # of everything between the snapshot and the twin
    first_step_seconds: float


def train(snapshot: Snapshot, config: TwinConfig, say: Callable[[str], None]) -> Trained:
    def epoch(figures: Epoch, epochs: int) -> None:
        if figures["epoch"] % EPOCHS_PER_LINE == 0:
            say(f"epoch {figures['epoch']:.0f}/{epochs}, NDCG@10 {figures['val_ndcg_at_10']:.4f} on validation")

    started = time.perf_counter()
    fitted = fit(Job(TENANT, "comparison", config=config), snapshot, None, Progress(epoch, say))
    seconds = time.perf_counter() - started
    return Trained(fitted.twin, seconds, sum(epoch["seconds"] for epoch in fitted.history))


def whole(twin: Twin, catalogue: Catalogue, facts: InteractionLog, *, discover: bool = False) -> Answer:
    """As the product ranks, with all that the bundle holds; `facts` is cut at the time of each query."""
    activity = Activity.of(facts, catalogue.ids)
    return lambda queries: whole_scorer(twin, catalogue, queries, activity, discover=discover)


def first_step(twin: Twin, catalogue: Catalogue) -> Answer:
    """The tower alone: cosines."""
    vectors = twin.embed(catalogue)

    def answer(queries: Queries) -> Scorer:
        users = investors(twin, vectors, queries.users, queries.histories)
        return lambda chunk: users[chunk] @ vectors.T

    return answer


def config_of(name: str, seed: int) -> TwinConfig:
    """`baseline`, or `twin` with any settings changed: twin:history_limit=20,dropout=0.1."""
    if name == "baseline":
        return replace(TwinConfig.baseline(), seed=seed)
    changes = dict(part.split("=", 1) for part in name.partition(":")[2].split(",") if part)
    return replace(TwinConfig(seed=seed), **{key: json.loads(value) for key, value in changes.items()})
