"""The tables of the report, from the figures of metrics.json."""

import html
from collections.abc import Iterable, Mapping
from typing import Any

from portfolio_twin.evaluation.bootstrap import FEW_USERS
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.evaluation.slices import GROUPS, label_of

NAMES = {
    "twin": "Portfolio Twin",
    "tower": "its first step alone",
    "popularity": "popularity",
    "content_knn": "content kNN",
    "baseline": "plain design",
}
OURS = ("twin", "tower")
RANKING = {
    "hr_at_10": "HR@10", "ndcg_at_10": "NDCG@10", "mrr": "MRR", "precision_at_10": "Precision@10",
    "recall_at_10": "Recall@10", "hr_at_20": "HR@20",
}  # fmt: skip
CLASSIFICATION = {"accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "auc": "AUC"}
TOO_FEW = f"too few to tell (under {FEW_USERS})"

Told = Mapping[str, Any]


def ranking_table(ranking: Mapping[str, Mapping[str, float]]) -> str:
    best = {name: max(row[name] for row in ranking.values()) for name in RANKING}
    rows = ""
    for model, row in ranking.items():
        cells = "".join(f"<td{_bold(row[name] == best[name])}>{row[name]:.3f}</td>" for name in RANKING)
        rows += f"<tr><th>{html.escape(NAMES.get(model, model))}</th>{cells}</tr>"
    return _table("Ranking", RANKING.values(), rows)


def classification_table(found: Evaluation, metrics: Told) -> str:
    """Everybody, then the same investors asked as if new: told of their last 0, 1, 2 properties alone."""
    asked = {"as they are": (found, metrics["everybody"])}
    for known, part in found.slices.get("as_new", {}).items():
        asked[f"as if new, {known} known"] = part, metrics["slices"]["as_new"][known]
    rows = ""
    for who, (part, told) in asked.items():
        figures = part.classification()
        cells = "".join(f"<td>{_number(figures[name])}</td>" for name in CLASSIFICATION)
        rows += f"<tr><th>Investors {who}</th>{cells}{_calibration_cells(told)}</tr>"
    rate = (
        f"Base rate: an investor makes a deal on, or likes, {metrics['base_rate']:.2%} of all properties. Here that is "
        "half of the pairs, so that 0.5 is the line between would and would not."
    )
    return (
        _table("Would they act?", (*CLASSIFICATION.values(), "ECE [95 %]", "ECE by chance"), rows)
        + f'<p class="note">{rate}</p>'
    )


def slices_table(metrics: Told) -> str:
    everybody, slices = metrics["everybody"], metrics["slices"]
    rows = _slice_row("All test investors", everybody)
    for group in GROUPS:
        if slices.get(group):
            rows += f'<tr class="group"><th colspan="7">{html.escape(GROUPS[group].capitalize())}</th></tr>'
            rows += "".join(_slice_row(label_of(name), told) for name, told in slices[group].items())
    heads = ("investors", "HR@10 [95 %]", "NDCG@10 [95 %]", "best rival", "ECE [95 %]", "ECE by chance")
    return _table("", heads, rows)


def _slice_row(label: str, told: Told) -> str:
    head = f"<tr><th>{html.escape(label)}</th><td>{told['users']:,}</td>"
    if told["ndcg_at_10"] is None:
        return f'{head}<td colspan="5" class="few">{TOO_FEW}</td></tr>'
    rivals = [value for model, value in told["others_ndcg_at_10"].items() if model not in OURS]
    cells = "".join(f"<td>{interval(told[name])}</td>" for name in ("hr_at_10", "ndcg_at_10"))
    return f"{head}{cells}<td>{_number(max(rivals, default=None))}</td>{_calibration_cells(told)}</tr>"


def _calibration_cells(told: Told) -> str:
    return f"<td>{interval(told['ece'])}</td><td>{_number(told['ece_by_chance'])}</td>"


def interval(found: Mapping[str, float] | None) -> str:
    """0.123 [0.101, 0.145]"""
    return f"{found['value']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" if found else "–"


def _number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None and value == value else "–"


def _bold(best: bool) -> str:
    return ' class="best"' if best else ""


def _table(title: str, heads: Iterable[str], rows: str) -> str:
    head = "".join(f"<th>{html.escape(label)}</th>" for label in heads)
    heading = f"<h2>{html.escape(title)}</h2>" if title else ""
    return f"{heading}<table><tr><th></th>{head}</tr>{rows}</table>"
