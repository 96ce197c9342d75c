"""The table of gates for one bundle. Nothing that the bundle says of itself is taken for granted but its losses."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.split import VALIDATION
from portfolio_twin.errors import BundleRejected, NotFound
from portfolio_twin.evaluation.bootstrap import chance_ece
from portfolio_twin.evaluation.embedding_health import collapsed_directions, effective_rank, lookalike_sanity
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.gating import comparison_gates as rivals
from portfolio_twin.evaluation.gating import gates
from portfolio_twin.evaluation.gating.agreement import agreement
from portfolio_twin.evaluation.gating.gates import Gate
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.scoring import TwinAnswers
from portfolio_twin.model.bundle.files import (
    HISTORY,
    MANIFEST,
    SERVING_FILES,
    TESTED_FILES,
    check_live,
    read_manifest,
    unpack,
    unpack_tested,
)
from portfolio_twin.model.features import FeatureSchema
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.pipeline.compare_with_live import LIVE, Rival, against_live, live_rival
from portfolio_twin.services.pipeline.run import Run

WANTED = (MANIFEST, *SERVING_FILES, *TESTED_FILES, HISTORY)
LEARNT_AGAIN = ("tested", "live")
SEED = 0

Gates = dict[str, Gate]


@dataclass(frozen=True)
class Judgement:
    """`measured` is what metrics.json would say, had it been computed here; `remarks` fail nothing."""

    kind: str | None
    gates: Mapping[str, Gate]
    measured: Mapping[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)


def judge_bundle(run: Run) -> Judgement:
    """On the run's own snapshot, or on the tenant's latest, as an upload is.

    What goes live has learnt the test targets, so the same model before that is judged; of the live one it is asked
    that it be sound and answer alike.
    """
    bucket = run.tenant.bucket
    try:
        files = bucket.models.fetch_unpublished(run.version, run.entry, WANTED)
        live = unpack(files, run.tenant.tenant_id, run.version)
        twin = unpack_tested(files, run.tenant.tenant_id, run.version)
        check_live(live)
    except BundleRejected as error:
        return Judgement(None, {"bundle": Gate(None, 0.0, False, f"{error}; look at the log of the training")})
    try:
        snapshot = bucket.snapshots.load(run.snapshot_id or bucket.snapshots.latest_id())
    except NotFound as error:
        note = f"{error}: nothing to judge the bundle on; run the retrain machine for this tenant once"
        return Judgement(twin.kind, {"snapshot": Gate(None, 0.0, False, note)})
    remarks = [] if run.snapshot_id else [f"judged on snapshot {snapshot.snapshot_id}, the latest"]
    with np.errstate(all="ignore"):  # an overflow shows as Inf or NaN, and that is what the gate is for
        vectors, tested = live.embed(snapshot.catalogue), twin.embed(snapshot.catalogue)
    odd = [name for name, found in (("live", vectors), ("tested", tested)) if not np.isfinite(found).all()]
    if odd:
        return Judgement(twin.kind, {"finite": gates.finite([f"{name} vectors" for name in odd])}, remarks=remarks)
    rival = live_rival(run)
    evaluation = _evaluate(twin, snapshot, rival)
    if twin.kind == "twin":
        table = _twin_gates(evaluation, _losses(files, run)) | {"live_like_tested": _alike(live, twin, snapshot)}
    else:
        table = {"lookalike_sanity": gates.lookalike(_sanity(vectors, snapshot.catalogue), len(vectors))}
    table = {"finite": gates.finite([])} | table | _health(vectors) | against_live(evaluation, snapshot, rival)
    return Judgement(twin.kind, table, evaluation.summary(), remarks)


def _alike(live: Twin, tested: Twin, snapshot: Snapshot) -> Gate:
    dataset = snapshot.dataset
    old = Queries.of(dataset, snapshot.holdout, VALIDATION)  # both have learnt these answers
    return gates.live_like_tested(*agreement(TwinAnswers(live, dataset), TwinAnswers(tested, dataset), old))


def _twin_gates(evaluation: Evaluation, losses: list[list[float]]) -> Gates:
    """What a model that claims to know investors must show; a content model learnt no behaviour."""
    figures, ours = evaluation.classification(), evaluation.ndcg("twin")
    popularity, content = evaluation.ndcg("popularity"), evaluation.ndcg("content_knn")
    return {
        "f1": gates.f1(figures["f1"]),
        "accuracy": gates.accuracy(figures["accuracy"]),
        "loss_decreased": gates.loss_decreased(losses),
        "ece": gates.calibration(figures["ece"], chance_ece(evaluation.affinities)),
        "better_than_popularity": rivals.better(ours, popularity, "popularity", rivals.BETTER_THAN_POPULARITY),
        "better_than_content_knn": rivals.better(ours, content, "content-kNN", rivals.BETTER_THAN_CONTENT),
    }


def _evaluate(twin: Twin, snapshot: Snapshot, rival: Rival | None) -> Evaluation:
    others = {LIVE: TwinAnswers(rival.twin, snapshot.dataset).ranked} if rival and rival.twin else {}
    return evaluate(twin, snapshot.dataset, snapshot.holdout, others=others, rivals=twin.kind == "twin")


def _health(vectors: Matrix) -> Gates:
    lengths = np.abs(np.linalg.norm(vectors, axis=1) - 1).max(initial=0.0)
    rank = effective_rank(vectors)
    return {
        "unit_norm": gates.unit_norm(float(lengths)),
        "embedding_rank": gates.embedding_rank(rank, len(vectors), vectors.shape[1], collapsed_directions(vectors)),
    }


def _sanity(vectors: Matrix, catalogue: Catalogue) -> float:
    try:
        features = FeatureSchema.learn(catalogue).vectorise(catalogue)
    except ValueError:  # nothing varies: no property is more alike than another
        return float("nan")
    return lookalike_sanity(vectors, features, SEED)


def _losses(files: Mapping[str, bytes], run: Run) -> list[list[float]]:
    """Training loss per epoch of each of the three learnings; none when the history is missing or is not the one that
    the manifest lists.
    """
    listed = read_manifest(files[MANIFEST], run.tenant.tenant_id, run.version)["files"].get(HISTORY, {})
    if listed.get("sha256") != hashlib.sha256(files.get(HISTORY, b"")).hexdigest():
        return []
    try:
        history = json.loads(files[HISTORY])
        again = [[float(loss) for loss in history["again"][name]] for name in LEARNT_AGAIN]
        return [[float(epoch["train_loss"]) for epoch in history["epochs"]], *again]
    except (ValueError, KeyError, TypeError):
        return []
