"""One training of the plain design, from a frozen snapshot to its figures: measured and reported, never served."""

from dataclasses import replace
from typing import Any

import numpy as np

from functions.train.job import Job, records, training_data
from functions.train.plain.loop import FittedPlain, fit
from functions.train.plain.model import PlainModel
from functions.train.progress import Progress
from functions.train.report import plots
from functions.train.report.templates import fill
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.split import TEST, training_log
from portfolio_twin.evaluation.evaluate import untrained_rivals
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.results import Evaluation, without_nan
from portfolio_twin.evaluation.scoring import in_use, rank_targets

NOT_SERVED = "The plain design is the yardstick: it is measured and reported, and cannot be served. There is no bundle."


def train_plain(job: Job, snapshot: Snapshot, progress: Progress) -> FittedPlain:
    """Raises InvalidInput where there is nothing to train on, Interrupted when stopped."""
    return fit(training_data(job, snapshot), job.plain, device=job.device, progress=progress)


def run(job: Job, snapshot: Snapshot, progress: Progress) -> dict[str, bytes]:
    """Its figures and its report by name; raises as `train_plain` does."""
    progress.say(NOT_SERVED)
    fitted = train_plain(job, snapshot, progress)
    progress.say("evaluating")
    evaluation = evaluate(fitted.model, snapshot)
    metrics = {
        "design": "plain", "version": job.version, "training_seconds": round(fitted.seconds, 3),
        "test_users": len(evaluation.users), "candidates": evaluation.candidates, "pairs": len(evaluation.labels),
        "classification": without_nan(evaluation.classification()),
        "ranking": {model: without_nan(evaluation.ranking(model)) for model in evaluation.ranks},
    }  # fmt: skip
    return records(fitted, metrics) | render(fitted, evaluation, metrics)


def beside(fitted: FittedPlain, snapshot: Snapshot, evaluation: Evaluation) -> dict[str, Any]:
    """What metrics.json says of it beside a twin's `evaluation`: the same pairs, judged by this design."""
    queries = Queries.of(snapshot.dataset, snapshot.holdout, TEST)
    judged = replace(evaluation, affinities=fitted.model.affinities(queries), slices={})
    figures = judged.figures()
    return {
        "training_seconds": round(fitted.seconds, 3),
        "best_epoch": fitted.best_epoch,
        "classification": without_nan(judged.classification()),
        "ece": figures["ece"],
        "ece_by_chance": figures["ece_by_chance"],
    }


def evaluate(model: PlainModel, snapshot: Snapshot) -> Evaluation:
    """The same questions as a twin's: full ranking of the test targets beside the rivals, and the held-out pairs."""
    dataset, holdout = snapshot.dataset, snapshot.holdout
    queries, n = Queries.of(dataset, holdout, TEST), len(dataset.catalogue)
    trained_on = dataset.with_log(training_log(dataset.log, holdout))
    answers = {"baseline": model.answer, **untrained_rivals(trained_on)}
    affinities = model.affinities(queries)
    return Evaluation(
        users=queries.users,
        candidates=n,
        ranks={name: rank_targets(answer(queries), queries, n) for name, answer in answers.items()},
        pair_owners=queries.pair_owners,
        labels=queries.labels,
        affinities=affinities,
        in_use=in_use(dataset, queries),
        confidences=np.zeros_like(affinities),  # it has none
    )


def render(fitted: FittedPlain, evaluation: Evaluation, metrics: dict[str, Any]) -> dict[str, bytes]:
    """report.html and its pictures by name."""
    pictures = {"training_curves.png": plots.training_curves(fitted.history, fitted.best_epoch)}
    if len(np.unique(evaluation.labels)) == 2:
        pictures |= plots.of_pairs(evaluation.labels, evaluation.affinities, "the plain design")
    facts = {
        "version": metrics["version"],
        "trained in": f"{fitted.seconds:.1f} s, epoch {fitted.best_epoch} of {len(fitted.history)} kept",
        "tested on": f"{metrics['test_users']:,} investors, {metrics['candidates']:,} properties",
    }
    page = fill(
        "plain/report.html", title="Portfolio Twin: the plain design", verdict=NOT_SERVED, facts=facts,
        metrics=metrics, pictures=pictures,
    )  # fmt: skip
    return {"report.html": page.encode(), **pictures}
