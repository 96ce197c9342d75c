"""How a benchmark publishes its figures: a table on the terminal, and JSON under build/bench."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure.targets import TARGETS

FOLDER = Path("build/bench")


def publish(name: str, figures: Mapping[str, float]) -> None:
    """Replaces the figures of this name that were measured again, and leaves the others as they were."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    measured = {key: round(float(value), 5) for key, value in figures.items()}
    text = {"benchmark": name, "figures": read(name) | measured, "machine": machine()}
    (FOLDER / f"{name}.json").write_text(json.dumps(text, indent=1) + "\n")
    Console(width=100).print(table(name, measured))


def read(name: str) -> dict[str, float]:
    """The figures that were published under this name; none where there are none yet."""
    path = FOLDER / f"{name}.json"
    figures: dict[str, float] = json.loads(path.read_text())["figures"] if path.exists() else {}
    return figures


def machine() -> dict[str, Any]:
    """What a reader needs to know of where it was measured: a busy machine's figures are no figures."""
    return {"cores": os.cpu_count(), "load_average": [round(load, 2) for load in os.getloadavg()]}


def table(name: str, figures: Mapping[str, float]) -> Table:
    """Those with a figure to reach first."""
    shown = Table(name, "measured", "to reach")
    for key, value in sorted(figures.items(), key=lambda item: item[0] not in TARGETS):
        shown.add_row(key, f"{value:.4g}" if abs(value) < 1000 else f"{value:,.0f}", TARGETS.get(key, ""))
    return shown
