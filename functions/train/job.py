"""One training, from a frozen snapshot to the files of a bundle."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

import numpy as np

from functions.train.assemble import Design
from functions.train.atlas import draw_atlas
from functions.train.learn import Fitted, Learner, Learnt, fit, learn_everything
from functions.train.plain.config import PlainConfig
from functions.train.progress import Progress
from functions.train.stores import Store
from functions.train.training_data import TrainingData
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.split import TEST, Holdout
from portfolio_twin.evaluation.embedding_health import collapsed_directions, effective_rank, taste_figures
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import without_nan
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.evaluation.studies.deletion import deletion
from portfolio_twin.evaluation.studies.exposure import exposure
from portfolio_twin.evaluation.studies.importance import importance
from portfolio_twin.model.browse.atlas import pack_atlas
from portfolio_twin.model.bundle.files import ATLAS, HISTORY, METRICS, Provenance, as_tested, pack
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import ModelKind

if TYPE_CHECKING:
    from functions.train.plain.loop import FittedPlain


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


def run(job: Job, snapshot: Snapshot, store: Store | None = None, progress: Progress | None = None) -> dict[str, bytes]:
    """All files by name: the model, its metrics, its history, its report. Of the plain design there is no model.

    A training that is cut short is gone on with from its checkpoints in `store`.
    """
    progress = progress or Progress()
    if job.design == "plain":
        from functions.train.plain.job import run as run_plain  # torch, as below

        return run_plain(job, snapshot, progress)
    data = training_data(job, snapshot)
    learner = Learner(Design(job.version, job.kind, job.config), job.device, progress, store)
    fitted = fit(learner, data, snapshot.holdout)
    plain = _plain_design(job, snapshot, progress) if job.baseline else None
    progress.say("evaluating")
    others = {"baseline": plain.model.answer} if plain else {}
    evaluation = evaluate(fitted.twin, snapshot.dataset, snapshot.holdout, others=others)
    live = learn_everything(learner, data, fitted)
    about = _about(job, snapshot, fitted, live) | {"learnt": _learnt(data, snapshot.holdout)}
    metrics = evaluation.summary() | about
    if plain:
        from functions.train.plain.job import beside  # torch, as above

        metrics["baseline"] = beside(plain, snapshot, evaluation)
    progress.say("drawing the atlas, writing the report")
    from functions.train.report.render import render  # matplotlib takes a second to import

    drawn = draw_atlas(live.twin.property_vectors, job.config.seed)
    metrics["atlas"] = drawn.figures()
    atlas = pack_atlas(job.version, snapshot.catalogue, drawn)
    pages = render(snapshot, fitted, evaluation, metrics, places=drawn.places)
    return _files(job, snapshot, (fitted, live), metrics=metrics, extra={ATLAS: atlas, **pages})


def training_data(job: Job, snapshot: Snapshot) -> TrainingData:
    return TrainingData.of(snapshot, job.config, val_split=job.val_split, lookback_days=job.lookback_days)


def _about(job: Job, snapshot: Snapshot, fitted: Fitted, live: Learnt) -> dict[str, Any]:
    """What metrics.json holds of the model beyond its test."""
    twin, vectors = live.twin, live.twin.property_vectors
    answers = TwinAnswers(fitted.twin, snapshot.dataset)
    queries = Queries.of(snapshot.dataset, snapshot.holdout, TEST)
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
        "training_seconds": round(fitted.seconds, 3), "epochs": len(fitted.history),
        "kind": job.kind, "version": job.version,
        "base_rate": twin.base_rate, "embedding": embedding, "tastes": without_nan(tastes), "data": data,
        "importance": importance(answers), "exposure": exposure(answers, queries), "deletion": deletion(answers),
        "decisions": fitted.decisions.to_json(),
    }  # fmt: skip


def _learnt(data: TrainingData, holdout: Holdout) -> dict[str, Any]:
    """Which interactions each part of the training saw."""
    parts = {
        "first": (data, "validation and test targets"),
        "tested": (data.again(holdout.of(TEST)), "test targets"),
        "live": (data.again(Holdout.empty()), "nothing"),
    }
    seen = {
        name: {"interactions": len(part.learnt_from.log), "without": without} for name, (part, without) in parts.items()
    }
    return seen | {"lookback_days": data.lookback_days}


def _plain_design(job: Job, snapshot: Snapshot, progress: Progress) -> "FittedPlain":
    from functions.train.plain.job import train_plain  # torch, as above

    progress.say("training the plain design, for the comparison")
    return train_plain(job, snapshot, progress)


def _files(
    job: Job, snapshot: Snapshot, learnt: tuple[Fitted, Learnt], *, metrics: Mapping[str, Any], extra: dict[str, bytes]
) -> dict[str, bytes]:
    (fitted, live), window = learnt, snapshot.manifest.get("data_window")
    provenance = Provenance(
        tenant_id=job.tenant_id,
        snapshot={"id": snapshot.snapshot_id, "files": snapshot.manifest["files"]},
        data_window=(window[0], window[1]) if window else None,
        metrics=metrics,
        code_version=job.code_version,
    )
    golden = snapshot.catalogue.take(np.array([0]))
    losses = {"tested": fitted.losses, "live": live.losses}
    extra = records(fitted, metrics, losses) | extra
    if job.kind == "twin":
        extra |= as_tested(pack(fitted.twin, provenance._replace(metrics={}), golden, {}))
    return pack(live.twin, provenance, golden, extra)


def records(
    fitted: "Fitted | FittedPlain", metrics: Mapping[str, Any], losses: Mapping[str, list[float]] | None = None
) -> dict[str, bytes]:
    """metrics.json, and how the training went; `losses` are those of what was learnt again, by epoch."""
    epochs = [without_nan(epoch) for epoch in fitted.history]
    history = {"epochs": epochs, "best_epoch": fitted.best_epoch, "seconds": fitted.seconds, "again": losses or {}}
    files = {METRICS: metrics, HISTORY: history}
    return {name: json.dumps(content, indent=1, allow_nan=False).encode() for name, content in files.items()}
