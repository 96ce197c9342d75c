"""What the machines take at 50 to 50 000 tenants and for one very big one, from the ASL, the template and one run here.

`python -m tests.benchmarks.scale`: the first time it retrains one simulated tenant on this machine, and keeps what it
measured in build/bench/scale.json; `--again` measures anew. In proportion: what a tenant of other sizes takes is the
measured one's times the rows, which says too much of what has a fixed cost. The API's own costs are not in it.
"""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.measure.figures import FOLDER, machine
from tests.benchmarks.scale.measured import measure
from tests.benchmarks.scale.reckoning import PRICES, Size, Template, reckon

FILE = FOLDER / "scale.json"
TENANTS = (50, 500, 5_000, 50_000)
BIG = Size(tenants=1, properties=10_000_000, interactions=100_000_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--again", action="store_true", help="measure anew")
    parser.add_argument("--vcpus", type=int, default=Template().most_vcpus, help="of the trainings, all together")
    parser.add_argument("--news", type=float, default=1.0, help="share of the tenants that learn again each week")
    given = parser.parse_args()
    if given.again or not FILE.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        FILE.write_text(json.dumps(measure() | {"machine": machine()}, indent=1) + "\n")
    measured = json.loads(FILE.read_text())
    usual = [Size(n, measured["properties"], measured["interactions"]) for n in TENANTS]
    sizes = {f"{size.tenants:,} tenants": size for size in usual} | {"one of 10 M and 100 M": BIG}
    columns = {name: reckon(size, measured, given.vcpus, given.news) for name, size in sizes.items()}
    print(f"a tenant: {measured['properties']:,} properties, {measured['interactions']:,} interactions")
    print(f"measured on: {measured['machine']}; {given.vcpus} vCPU, {given.news:.0%} with news each week")
    show(columns)
    print(f"prices: {Path(__file__).with_name('prices.json').relative_to(Path.cwd())}, {len(PRICES)} of them")


def show(columns: dict[str, dict[str, float]]) -> None:
    table = Table("", *columns)
    for row in next(iter(columns.values())):
        table.add_row(row, *(f"{column[row]:,.0f}" if column[row] >= 100 else f"{column[row]:.3g}"
                             for column in columns.values()))  # fmt: skip
    Console(width=120).print(table)


if __name__ == "__main__":
    main()
