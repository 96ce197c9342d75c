"""The product's own models, trained by its own job and asked by its own scoring."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from uuid import UUID

from functions.train.job import Job, fit
from functions.train.progress import Epoch, Progress
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.dataset import Dataset
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
    def epoch(figures: Epoch, epochs: int) -> None:
        if figures["epoch"] % EPOCHS_PER_LINE == 0:
            say(f"epoch {figures['epoch']:.0f}/{epochs}, NDCG@10 {figures['val_ndcg_at_10']:.4f} on validation")

    started = time.perf_counter()
    fitted = fit(Job(tenant_id=TENANT, version="comparison", config=config), snapshot, None, Progress(epoch, say))
    seconds = time.perf_counter() - started
    return Trained(fitted.twin, seconds, sum(epoch["seconds"] for epoch in fitted.history))


def whole(twin: Twin, facts: Dataset, *, discover: bool = False) -> Answer:
    """As the product ranks, with all that the bundle holds; `facts` is cut at the time of each query."""
    return partial(TwinAnswers(twin, facts).ranked, discover=discover)


def first_step(twin: Twin, facts: Dataset) -> Answer:
    """The tower alone: cosines."""
    return TwinAnswers(twin, facts).by_cosine


def config_of(name: str, seed: int) -> TwinConfig:
    """`baseline`, or `twin` with any settings changed: twin:history_limit=20,dropout=0.1."""
    if name == "baseline":
        return replace(TwinConfig.baseline(), seed=seed)
    changes = dict(part.split("=", 1) for part in name.partition(":")[2].split(",") if part)
    return replace(TwinConfig(seed=seed), **{key: json.loads(value) for key, value in changes.items()})
