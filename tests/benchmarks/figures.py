"""How a benchmark publishes its figures: JSON on the terminal and under build/bench, a flat map of name to number."""

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

FOLDER = Path("build/bench")


def publish(name: str, figures: dict[str, float]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    text = json.dumps(
        {"benchmark": name, "figures": {key: round(value, 5) for key, value in figures.items()}}, indent=1
    )
    (FOLDER / f"{name}.json").write_text(text + "\n")
    print(text, flush=True)


def milliseconds(call: Callable[[], object], repeats: int, warm_up: int = 50) -> dict[str, float]:
    """Median and 99th percentile of one call."""
    for _ in range(min(warm_up, repeats)):
        call()
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        taken.append((time.perf_counter() - started) * 1000)
    return {"p50_ms": statistics.median(taken), "p99_ms": statistics.quantiles(taken, n=100)[98]}
