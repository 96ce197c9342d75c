"""docs/costs.md from the figures under build/bench: no figure is typed in.

python -m tests.benchmarks.costs.page >docs/costs.md
"""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence

from tests.benchmarks.costs.model import ROUTES, SIZES, million_answers, needed, qdrant_month, tenant_month
from tests.benchmarks.costs.prices import PRICES
from tests.benchmarks.measure.figures import read

INTRODUCTION = """# What it costs

List prices times what `make bench` measured: `python -m tests.benchmarks.costs.page` makes this page from
`build/bench`. One region (us-east-1), no free tier, no discount, no tax, no data transfer out. How the parts are put
together stands in `tests/benchmarks/costs/model.py`."""
ANSWERS = """## A million answers

HTTP API, function (1 GB, arm64) and log; a function is billed while it waits for Qdrant. The JWT authorizer is free."""
TENANT = """## A tenant a month

Recommendations asked for, one training and one whole indexing a week, the two machines' states, ten versions kept. A
size is that of properties and of interactions alike."""
SHARED = """## What all tenants share

Qdrant's task of `infra/foundation.yaml` (1 vCPU, 4 GB) costs ${qdrant:.2f} a month. PostgreSQL is Aurora Serverless,
which sleeps when nobody writes; its price and that of the network depend on the account."""
MEASURED = "## Measured\n\nOn two cores; milliseconds are medians."
LIST = "## Prices"
ROW = re.compile(r"^\| `(\w+\.\w+)` \| ([\d.]+) \|$", re.MULTILINE)


def page(figures: Mapping[str, float]) -> str:
    """Of these figures; a size of which one is missing is left out."""
    measured = [name for name in needed() if name in figures]
    answers = [(route, f"${million_answers(figures, route):.2f}") for route in ROUTES]
    sizes = [size for size, (_, *names) in SIZES.items() if all(name in figures for name in names)]
    months = {size: tenant_month(figures, size) for size in sizes}
    parts = [(part, *(f"${months[size][part]:,.2f}" for size in sizes)) for part in months[sizes[0]]]
    asked = ("answers a month", *(f"{SIZES[size][0]:,}" for size in sizes))
    return "\n\n".join([
        INTRODUCTION,
        ANSWERS, _table(("answer", "a million"), answers),
        TENANT, _table(("", *(f"{size:,}" for size in sizes)), [asked, *parts]),
        SHARED.format(qdrant=qdrant_month()),
        MEASURED, _table(("figure", "value"), [(f"`{name}`", f"{figures[name]:.5g}") for name in measured]),
        LIST, _table(("of", "USD", "source"), [(p.of, f"{p.usd:.10f}".rstrip("0"), p.source) for p in PRICES.values()]),
    ]) + "\n"  # fmt: skip


def figures_of(text: str) -> dict[str, float]:
    """Those that a page says it was made from."""
    return {name: float(value) for name, value in ROW.findall(text)}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main() -> None:
    found = {f"{name}.{key}": value for name in ("serving", "train", "index") for key, value in read(name).items()}
    least = [name for name in needed() if "1000000" not in name]
    if missing := [name for name in least if name not in found]:
        sys.exit(f"not measured yet: {' '.join(missing)} — run `make bench` first")
    # Rounded as the page shows them, so that it can be made again from itself.
    sys.stdout.write(page({name: float(f"{found[name]:.5g}") for name in needed() if name in found}))


if __name__ == "__main__":
    main()
