"""Training and evaluation without the pipeline: for trying things out."""

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from functions.train.job import Job
from functions.train.offline import freeze, train_into
from functions.train.plain.config import PlainConfig
from functions.train.progress import Epoch, Progress
from functions.train.report.tables import number
from infra.local.system import ReachedSystem
from infra.local.twin.exits import give_up
from portfolio_twin.adapters.postgres.copy_reads import copy_data
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.faults import clean, find_faults
from portfolio_twin.domain.readiness import count, decide
from portfolio_twin.domain.versions import new_version
from portfolio_twin.evaluation.bootstrap import Interval
from portfolio_twin.evaluation.evaluate import evaluate
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.slices import GROUPS, label_of
from portfolio_twin.library import PortfolioTwin
from portfolio_twin.model.bundle.files import unpack_tested
from portfolio_twin.model.config import TrainingOptions, TwinConfig
from portfolio_twin.model.twin import ModelKind, Twin


def training_options(**given: Any) -> TrainingOptions:
    """Raises SystemExit, naming each setting that makes no sense."""
    try:
        return TrainingOptions(**given)
    except ValidationError as error:
        faults = (": ".join(map(str, (*fault["loc"], fault["msg"]))) for fault in error.errors())
        give_up("; ".join(faults))


def train_tenant(
    system: ReachedSystem,
    tenant_id: UUID,
    folder: Path,
    console: Console,
    *,
    settings: TrainingOptions,
    options: Mapping[str, Any],
) -> None:
    """A bundle in the folder: a twin, or the content model where there is too little to learn from.

    Of the plain design no bundle, but its figures and its report. `settings` are the config's, `options` the Job's.
    """
    given = settings.given()
    plain = PlainConfig.of(given) if options["design"] == "plain" else PlainConfig()
    with system.tenant(tenant_id).session() as session:
        raw, now = copy_data(session), datetime.now(UTC)
    dataset = clean(raw, int(now.timestamp()))
    decision, reasons = decide(count(dataset), find_faults(raw, int(now.timestamp())), has_live=False)
    if decision == "skip":
        give_up("too little data: " + "; ".join(reasons))
    kind: ModelKind = "twin" if decision == "train" else "content"
    job = Job(
        tenant_id=tenant_id,
        version=new_version(now),
        kind=kind,
        config=TwinConfig(**given),
        plain=plain,
        **options,
    )
    files = _train_with_bar(folder, job, dataset, console)
    _show(json.loads(files["metrics.json"]), console)
    console.print(f"{len(files)} files in {folder}; look at {folder / 'report.html'}")


def _train_with_bar(folder: Path, job: Job, dataset: Dataset, console: Console) -> Mapping[str, bytes]:
    alone = job.design == "plain"
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console) as bar:
        task = bar.add_task("training the plain design" if alone else f"training a {job.kind} model", total=None)

        def show(epoch: Epoch, epochs: int) -> None:
            figures, ndcg = f"loss {epoch['train_loss']:.3f}", epoch["val_ndcg_at_10"]
            figures += "" if math.isnan(ndcg) else f", validation NDCG@10 {ndcg:.3f}"
            bar.update(task, total=epochs, completed=int(epoch["epoch"]), description=figures)

        progress = Progress(show, lambda text: bar.console.print(f"  {text}"))
        return train_into(folder, job, dataset, progress)


def evaluate_tenant(system: ReachedSystem, tenant_id: UUID, bundle: str | None, console: Console) -> None:
    """A table of every ranking metric, and the classification of held-out pairs."""
    tenant = system.tenant(tenant_id)
    twin = _as_tested(tenant, bundle)
    with tenant.session() as session:
        snapshot = freeze(copy_data(session), seed=0)
    evaluation = evaluate(twin, snapshot.dataset, snapshot.holdout)
    if not len(evaluation.users):
        give_up("nobody has three or more deals or likes yet: there is nothing to evaluate on")
    _show(evaluation.summary(), console)
    console.print(_slices(evaluation))


def _show(metrics: Mapping[str, Any], console: Console) -> None:
    """Every ranking figure of all that was ranked, then how the held-out pairs were classified."""
    title = f"{metrics['test_users']} held-out investors, {metrics['candidates']} properties"
    rankings = metrics["ranking"].values()
    table = Table("metric", *metrics["ranking"], title=title)
    for metric in next(iter(rankings)):
        table.add_row(metric, *(number(ranking[metric]) for ranking in rankings))
    console.print(table)
    judged = {"plain design" if metrics.get("design") == "plain" else "twin": metrics}
    judged |= {"plain design": metrics["baseline"]} if "baseline" in metrics else {}
    for model, measured in judged.items():
        figures = (f"{name} [cyan]{number(value)}[/]" for name, value in measured["classification"].items())
        console.print(f"{model}: {'  '.join(figures)}")


def _slices(evaluation: Evaluation) -> Table:
    """The twin's figures of each slice, with half their 95 % intervals."""
    table = Table("slice", "investors", "HR@10", "NDCG@10", "ECE", title="by slice, ± half the 95 % interval")
    for group, parts in {"": {"all test investors": evaluation}, **evaluation.slices}.items():
        if group and parts:
            table.add_section()
            table.add_row(f"[bold]{GROUPS[group]}[/]")
        for name, part in parts.items():
            figures = map(_noisy, part.intervals().values())
            table.add_row(escape(label_of(name)), f"{len(part.users):,}", *figures)
    return table


def _noisy(figure: Interval | None) -> str:
    return "too few" if figure is None else f"{figure.value:.3f} ± {(figure.high - figure.low) / 2:.3f}"


def _as_tested(tenant: Tenant, bundle: str | None) -> Twin:
    """Of a folder or a version: what serves has learnt the answers to the test."""
    if bundle is not None and Path(bundle).is_dir():
        return PortfolioTwin.load(bundle, tested=True).twin
    version = bundle or live_version(tenant)
    return unpack_tested(tenant.bucket.models.fetch(version, tested=True), tenant.tenant_id, version)


def live_version(tenant: Tenant) -> str:
    """Raises SystemExit for a tenant without a model."""
    live = tenant.bucket.models.live()
    if live is None:
        give_up("there is no live model: run `twin retrain` first, or name one")
    return live.version
