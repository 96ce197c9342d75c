"""One training, from a frozen snapshot to the files of a bundle."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from uuid import UUID

import numpy as np

from functions.train.assemble import assemble
from functions.train.content import content_tower
from functions.train.plain.config import PlainConfig
from functions.train.progress import Epoch, Progress
from functions.train.stores import Store
from functions.train.training_data import TrainingData
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.evaluation.embedding_health import collapsed_directions, effective_rank, taste_figures
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.results import Evaluation, without_nan
from portfolio_twin.model.bundle.files import Provenance, pack
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import ModelKind, Twin

if TYPE_CHECKING:
    from functions.train.plain.loop import FittedPlain
    from functions.train.tower.checkpoints import Checkpoints


@dataclass(frozen=True)
class Job:
    """What to train, and how."""

    tenant_id: UUID
    version: str
    kind: ModelKind = "twin"
    config: TwinConfig = field(default_factory=TwinConfig)
    device: str = "cpu"
    lookback_days: int | None = None
    val_split: float = 1.0  # share of the held-out investors whose validation target is kept back
    baseline: bool = False  # train the plain design too, for the comparison: minutes
    design: Literal["twin", "plain"] = "twin"  # plain: that design alone, measured and never served
    plain: PlainConfig = field(default_factory=PlainConfig)
    code_version: str = "unknown"


class Fitted(NamedTuple):
    """A model and the record of how it came about."""

    twin: Twin
    history: list[Epoch]
    best_epoch: int
    seconds: float  # of the training itself


def run(
    job: Job, snapshot: Snapshot, checkpoints: "Checkpoints | None" = None, progress: Progress | None = None
) -> dict[str, bytes]:
    """All files by name: the model, its metrics, its history, its report. Of the plain design there is no model."""
    progress = progress or Progress()
    if job.design == "plain":
        from functions.train.plain.job import run as run_plain  # torch, as below

        return run_plain(job, snapshot, progress)
    fitted = fit(job, snapshot, checkpoints, progress)
    plain = _plain_design(job, snapshot, progress) if job.baseline else None
    progress.say("evaluating")
    others = {"baseline": plain.model.answer} if plain else {}
    evaluation = evaluate(fitted.twin, snapshot.dataset, snapshot.holdout, others=others)
    metrics = evaluation.summary() | _about(job, snapshot, fitted)
    if plain:
        from functions.train.plain.job import beside  # torch, as above

        metrics["baseline"] = beside(plain, snapshot, evaluation)
    progress.say("writing the report")
    return _files(job, snapshot, fitted, evaluation=evaluation, metrics=metrics)


def _about(job: Job, snapshot: Snapshot, fitted: Fitted) -> dict[str, Any]:
    """What metrics.json holds of the model beyond its test."""
    twin = fitted.twin
    vectors = twin.property_vectors
    embedding = {
        "dimensions": vectors.shape[1],
        "effective_rank": effective_rank(vectors),
        "collapsed_directions": collapsed_directions(vectors),
    }
    data = {
        "properties": len(snapshot.catalogue),
        "interactions": len(snapshot.log),
        "investors": len(twin.user_ids),
    }
    tastes = taste_figures(twin.user_vectors, twin.user_evidence, twin.market_taste)
    return {
        "training_seconds": round(fitted.seconds, 3), "kind": job.kind, "version": job.version,
        "base_rate": twin.base_rate, "embedding": embedding, "tastes": without_nan(tastes), "data": data,
    }  # fmt: skip


def checkpoints_in(store: Store, job: Job) -> "Checkpoints | None":
    """What a training of this job resumes from; a content model has nothing to resume, and must not import torch."""
    if job.kind == "content" or job.design == "plain":
        return None
    from functions.train.tower.checkpoints import Checkpoints

    return Checkpoints(store)


def training_data(job: Job, snapshot: Snapshot) -> TrainingData:
    return TrainingData.of(snapshot, job.config, val_split=job.val_split, lookback_days=job.lookback_days)


def fit(job: Job, snapshot: Snapshot, checkpoints: "Checkpoints | None", progress: Progress) -> Fitted:
    """The twin, trained; or the content model, which needs no training."""
    data = training_data(job, snapshot)
    started = time.perf_counter()
    if job.kind == "content":
        tower = content_tower(data.X, job.config.embedding_dim)
    else:
        from functions.train.tower.train import train_tower  # torch is not even imported for a content model

        tower = train_tower(data, job.config, device=job.device, checkpoints=checkpoints, progress=progress)
    twin = assemble(data, tower, job.config, version=job.version, kind=job.kind)
    if job.kind == "twin" and job.config.ranking:
        from functions.train.ranking.fit import fit_ranking  # as above
        from functions.train.ranking.towers import train_towers

        towers = train_towers(data, job.config, device=job.device, progress=progress)
        twin = replace(twin, ranking=fit_ranking(twin, data, towers, progress))
    return Fitted(twin, tower.history, tower.best_epoch, time.perf_counter() - started)


def _plain_design(job: Job, snapshot: Snapshot, progress: Progress) -> "FittedPlain":
    from functions.train.plain.job import train_plain  # torch, as above

    progress.say("training the plain design, for the comparison")
    return train_plain(job, snapshot, progress)


def _files(
    job: Job, snapshot: Snapshot, fitted: Fitted, *, evaluation: Evaluation, metrics: Mapping[str, Any]
) -> dict[str, bytes]:
    from functions.train.report.render import render  # matplotlib takes a second to import

    window = snapshot.manifest.get("data_window")
    provenance = Provenance(
        tenant_id=job.tenant_id,
        snapshot={"id": snapshot.snapshot_id, "files": snapshot.manifest["files"]},
        data_window=(window[0], window[1]) if window else None,
        metrics=metrics,
        code_version=job.code_version,
    )
    extra = records(fitted, metrics) | render(snapshot, fitted, evaluation, metrics)
    return pack(fitted.twin, provenance, snapshot.catalogue.take(np.array([0])), extra)


def records(fitted: "Fitted | FittedPlain", metrics: Mapping[str, Any]) -> dict[str, bytes]:
    """metrics.json, and how the training went."""
    epochs = [without_nan(epoch) for epoch in fitted.history]
    history = {"epochs": epochs, "best_epoch": fitted.best_epoch, "seconds": fitted.seconds}
    files = {"metrics.json": metrics, "training_history.json": history}
    return {name: json.dumps(content, indent=1, allow_nan=False).encode() for name, content in files.items()}
