"""One training, from a frozen snapshot to the files of a bundle."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import numpy as np

from functions.train.assemble import assemble
from functions.train.content import market_vector, principal_components
from functions.train.plain.config import PlainConfig
from functions.train.progress import Epoch, Progress
from functions.train.stores import Store
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import DAY_SECONDS, Matrix
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.split import VALIDATION, thin_validation, training_log
from portfolio_twin.evaluation.embedding_health import collapsed_directions, effective_rank
from portfolio_twin.evaluation.evaluate import Answer, evaluate
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import Evaluation, without_nan
from portfolio_twin.model.bundle import Provenance, pack
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.twin import ModelKind, Twin

if TYPE_CHECKING:
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


@dataclass(frozen=True)
class Fitted:
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
    others = {"baseline": _plain_design(job, snapshot, progress)} if job.baseline else {}
    progress.say("evaluating")
    found = evaluate(fitted.twin, snapshot.catalogue, snapshot.log, snapshot.holdout, others=others)
    metrics = found.summary() | _about(job, snapshot, fitted)
    progress.say("writing the report")
    return _files(job, snapshot, fitted, found, metrics)


def _about(job: Job, snapshot: Snapshot, fitted: Fitted) -> dict[str, Any]:
    """What metrics.json says of the model beyond its test."""
    vectors = fitted.twin.property_vectors
    embedding = {
        "dimensions": vectors.shape[1],
        "effective_rank": effective_rank(vectors),
        "collapsed_directions": collapsed_directions(vectors),
    }
    data = {
        "properties": len(snapshot.catalogue),
        "interactions": len(snapshot.log),
        "investors": len(fitted.twin.user_ids),
    }
    return {
        "training_seconds": round(fitted.seconds, 3), "kind": job.kind, "version": job.version,
        "base_rate": fitted.twin.base_rate, "embedding": embedding, "data": data,
    }  # fmt: skip


def checkpoints_in(store: Store, job: Job) -> "Checkpoints | None":
    """What a training of this job resumes from; a content model has nothing to resume, and must not import torch."""
    if job.kind == "content" or job.design == "plain":
        return None
    from functions.train.tower.checkpoints import Checkpoints

    return Checkpoints(store)


def learnable(job: Job, snapshot: Snapshot) -> tuple[InteractionLog, Queries]:
    """What may be trained on, and the questions of the validation."""
    holdout = thin_validation(snapshot.holdout, job.val_split, job.config.seed)
    known = training_log(snapshot.log, holdout)
    if job.lookback_days is not None and len(known):
        known = known.take(known.times >= snapshot.log.times.max() - job.lookback_days * DAY_SECONDS)
    return known, Queries.of(snapshot.log, holdout, snapshot.catalogue.ids, VALIDATION)


def fit(job: Job, snapshot: Snapshot, checkpoints: "Checkpoints | None", progress: Progress) -> Fitted:
    """The twin, trained; or the content model, which needs no training."""
    known, validation = learnable(job, snapshot)
    schema = FeatureSchema.learn(snapshot.catalogue)
    X = schema.vectorise(snapshot.catalogue)
    started = time.perf_counter()
    if job.kind == "content":
        encoder = principal_components(X, job.config.embedding_dim)
        market = market_vector(encoder(X))
        history, best_epoch = list[Epoch](), 0
    else:
        from functions.train.tower.train import train_tower  # torch is not even imported for a content model

        tower = train_tower(known, validation, snapshot.catalogue.ids, X, job.config, job.device, checkpoints, progress)
        encoder, market = tower.encoder, tower.global_vector
        history, best_epoch = tower.history, tower.best_epoch
    catalogue, log = snapshot.catalogue, snapshot.log
    twin = assemble(job.version, job.kind, job.config, schema, encoder, market, catalogue, log, validation)
    if job.kind == "twin" and job.config.ranking:
        twin = _with_ranking(twin, snapshot, known, validation, X, job, progress)
    seconds = time.perf_counter() - started
    return Fitted(twin, history, best_epoch, seconds)


def _with_ranking(
    twin: Twin, snapshot: Snapshot, known: InteractionLog, validation: Queries, X: Matrix, job: Job, progress: Progress
) -> Twin:
    """The second step, fitted with towers that do not know the investors whose choices it learns from."""
    from functions.train.ranking.fit import FOLDS, Tower, fit_ranking, fold_of
    from functions.train.tower.train import train_tower

    users = np.unique(known.users)
    folds = fold_of(users, job.config.seed)
    quiet, towers = Progress(stop=progress.stop), []
    config = replace(job.config, popularity_weight=job.config.ranking_popularity_weight)
    for fold in range(-1, FOLDS):  # the first one knows everybody: it serves
        progress.say(f"ranking: tower {fold + 2} of {FOLDS + 1}")
        unseen = users[folds == fold]
        rest = known.take(~np.isin(known.users, unseen))
        tower = train_tower(rest, validation, snapshot.catalogue.ids, X, config, job.device, None, quiet)
        towers.append(Tower(tower.encoder, tower.global_vector, unseen))
    whole, *parts = towers
    return replace(twin, ranking=fit_ranking(twin, snapshot, known, validation, whole, parts, progress))


def _plain_design(job: Job, snapshot: Snapshot, progress: Progress) -> Answer:
    from functions.train.plain.job import train_plain  # torch, as above

    progress.say("training the plain design, for the comparison")
    return train_plain(job, snapshot, progress).model.answer


def _files(
    job: Job, snapshot: Snapshot, fitted: Fitted, found: Evaluation, metrics: Mapping[str, Any]
) -> dict[str, bytes]:
    from functions.train.report.render import render  # matplotlib takes a second to import

    window = snapshot.manifest.get("data_window")
    provenance = Provenance(
        job.tenant_id,
        {"id": snapshot.snapshot_id, "files": snapshot.manifest["files"]},
        (window[0], window[1]) if window else None,
        metrics,
        job.code_version,
    )
    epochs = [without_nan(epoch) for epoch in fitted.history]
    history = {"epochs": epochs, "best_epoch": fitted.best_epoch, "seconds": fitted.seconds}
    extra = {
        "metrics.json": json.dumps(metrics, indent=1, allow_nan=False).encode(),
        "training_history.json": json.dumps(history, indent=1, allow_nan=False).encode(),
        **render(snapshot, fitted, found, metrics),
    }
    return pack(fitted.twin, provenance, snapshot.catalogue.take(np.array([0])), extra)
