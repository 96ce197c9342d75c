"""Progress while it runs, the tables, and the file of results."""

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path("build/quality")
FIGURES = {"hr_at_10": "HR@10", "ndcg_at_10": "NDCG@10", "mrr": "MRR", "hr_at_100": "HR@100"}
JUDGED = {"auc": "AUC", "ece": "ECE", "log_loss": "log loss", "auc_in_use": "AUC against what is in use"}


class Teller:
    """Progress on standard error, tables on standard output."""

    def __init__(self) -> None:
        self._progress, self.tables = Console(stderr=True, highlight=False), Console(width=150)
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        self._progress.print(f"{time.monotonic() - self._started:7.1f} s  {text}", markup=False, soft_wrap=True)

    def comparison(self, title: str, models: Mapping[str, Any], paired: Mapping[str, Any]) -> None:
        table = Table(title=title, title_justify="left")
        table.add_column("model")
        for label in (*FIGURES.values(), "twin's gain in HR@10", "in NDCG@10", "seconds"):
            table.add_column(label, justify="right")
        best = {name: max((row[name]["mean"] for row in models.values()), default=0) for name in FIGURES}
        for model, row in models.items():
            cells = [_bold(mean_and_error(row[name]), row[name]["mean"] == best[name]) for name in FIGURES]
            table.add_row(model, *cells, *gains(paired.get(model)), f"{row.get('seconds', float('nan')):.1f}")
        self.tables.print(table)

    def slices(self, title: str, parts: Mapping[str, Any]) -> None:
        """NDCG@10 of every model in every part."""
        if not parts:
            return
        table = Table(title=f"{title}: HR@10 / NDCG@10", title_justify="left")
        table.add_column("model")
        for name, part in parts.items():
            table.add_column(f"{name}\n{part['users']} users", justify="right")
        for model in next(iter(parts.values()))["models"]:
            rows = [part["models"][model] for part in parts.values()]
            table.add_row(model, *map(pair, rows))
        self.tables.print(table)

    def probabilities(self, data: str, models: Mapping[str, Any]) -> None:
        """Of each model that answers with probabilities, by how much of the history it was told."""
        for model, parts in models.items():
            told = {name: "  ".join(f"{part[figure]['mean']:.3f}" for figure in JUDGED) for name, part in parts.items()}
            self.flat(f"{data}, {model}: {', '.join(JUDGED.values())}", told)

    def flat(self, title: str, figures: Mapping[str, Any]) -> None:
        """Any flat figures, a line each."""
        table = Table(title=title, title_justify="left", show_header=False, min_width=60)
        for name, value in figures.items():
            table.add_row(name, f"{value:.3f}" if isinstance(value, float) else str(value))
        self.tables.print(table)


def write(path: Path, figures: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_plain(figures), indent=1, allow_nan=False) + "\n")


def _plain(value: Any) -> Any:
    """JSON has no NaN: what could not be measured is null there."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if value == value else None
    return value


def mean_and_error(figure: Mapping[str, float]) -> str:
    return f"{figure['mean']:.3f} ± {figure['se']:.3f}"


def gains(row: Mapping[str, float] | None) -> tuple[str, str]:
    if row is None:
        return "", ""
    return f"{row['hr_gain']:+.3f} ± {row['se']:.3f}", f"{row['ndcg_gain']:+.3f} ± {row['ndcg_se']:.3f}"


def pair(row: Mapping[str, Any]) -> str:
    return f"{row['hr_at_10']['mean']:.3f} / {row['ndcg_at_10']['mean']:.3f}"


def _bold(text: str, best: bool) -> str:
    return f"[bold]{text}[/bold]" if best else text
