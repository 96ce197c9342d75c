"""Whether a simulated market's investors buy as real ones do: how near, how alike, how dear, how often.

python -m tests.benchmarks.realism [--data FOLDER [--category attributes.zoning] [--price estimated_value]]
                                   [--simulate harborview chesapeake] [--seeds 3] [--out FILE]
"""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from infra.simulator import MARKETS, simulate
from portfolio_twin.domain.dataset import Dataset
from tests.benchmarks.quality.frozen_data import read_dataset
from tests.benchmarks.quality.output import RESULTS, Teller, write
from tests.benchmarks.realism.figures import BUYERS, measure
from tests.benchmarks.realism.habits import SHARES, SIZES
from tests.benchmarks.realism.purchases import Fields


def main() -> None:
    asked, tell = _arguments(), Teller()
    markets = {}
    if asked.data:
        markets[asked.data.resolve().name] = measure([read_dataset(asked.data)], Fields(asked.category, asked.price))
    for name in asked.simulate:
        draws = [simulate(MARKETS[name], seed) for seed in range(asked.seeds)]
        markets[name] = measure([Dataset(draw.catalogue, draw.log) for draw in draws], Fields())
    tell.tables.print(table(markets))
    write(asked.out, markets)
    tell.say(f"wrote {asked.out}")


def table(markets: Mapping[str, Any]) -> Table:
    """A column for each market: quartiles relative to chance, for shares how far the mean is from chance to 1."""
    shown = Table(title="investors with three purchases or more, beside chance", title_justify="left")
    shown.add_column("habit")
    for name in markets:
        shown.add_column(name, justify="right")
    for name in SIZES:
        shown.add_row(f"{name} / chance", *(_three(figures[name]["relative"]) for figures in markets.values()))
    for name in SHARES:
        shown.add_row(f"{name} beyond chance", *(f"{figures[name]['beyond']:.2f}" for figures in markets.values()))
    for name in BUYERS:
        shown.add_row(f"buyers with {name} deals", *(f"{figures['buyers'][name]:.2f}" for figures in markets.values()))
    return shown


def _three(quartiles: list[float]) -> str:
    return " / ".join(f"{value:.2f}" for value in quartiles)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="a folder with properties.csv[.gz] and interactions.csv[.gz]")
    parser.add_argument("--category", default=Fields.category, help="the folder's column that says of what kind")
    parser.add_argument("--price", default=Fields.price, help="the folder's column that says how dear")
    parser.add_argument("--simulate", nargs="+", choices=sorted(MARKETS), default=[])
    parser.add_argument("--seeds", type=int, default=3, help="draws of each simulated market")
    parser.add_argument("--out", type=Path, default=RESULTS / "realism.json")
    asked = parser.parse_args()
    if not (asked.data or asked.simulate):
        parser.error("give --data, --simulate or both")
    if asked.seeds < 1:
        parser.error("--seeds must be at least 1")
    return asked


if __name__ == "__main__":
    main()
