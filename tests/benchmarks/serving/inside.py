"""One function in a process of its own, as Lambda has it: `python -m tests.benchmarks.serving.inside < asked.json`."""

import json
import os
import statistics
import sys
import time
from contextlib import redirect_stdout
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from infra.local.cloud.lambda_context import LambdaContext
from tests.benchmarks.measure.clock import allocated_kb, peak_rss_mb
from tests.benchmarks.measure.index_clock import IndexClock
from tests.benchmarks.serving.requests import Asked

REPEATS = {"predict": 2000, "batch_10000": 15, "recommend_100": 100}
USUAL_REPEATS = 300
CONTEXT = LambdaContext("bench", "bench")


def measure(handler: Any, event: dict[str, Any], clock: IndexClock, repeats: int) -> dict[str, float]:
    """Milliseconds of the handler less the index's, of the processor, and of the index."""
    for _ in range(min(repeats, 50)):
        answer = handler(event, CONTEXT)
    if answer["statusCode"] != 200:
        raise SystemExit(f"the handler answered {answer}")
    apart, waited, worked = [], [], time.process_time()
    for _ in range(repeats):
        clock.seconds, started = 0.0, time.perf_counter()
        handler(event, CONTEXT)
        apart.append((time.perf_counter() - started - clock.seconds) * 1000)
        waited.append(clock.seconds * 1000)
    cpu = (time.process_time() - worked) * 1000 / repeats
    cuts = statistics.quantiles(apart, n=100, method="inclusive")
    return {
        "p50_ms": statistics.median(apart), "p95_ms": cuts[94], "p99_ms": cuts[98], "cpu_ms": cpu,
        "qdrant_ms": statistics.median(waited),
    }  # fmt: skip


def main() -> None:
    name, asked = sys.argv[1], Asked(**json.load(sys.stdin))
    function, events = import_module(f"functions.api.{name}.app"), asked.routes()[name]
    stores = function.app.state.stores
    clock = IndexClock(stores.index)
    stores.index = clock.as_index()
    figures: dict[str, float] = {}
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),  # where each request's metrics go; writing them is a part of what is measured
    ):
        for figure, event in events.items():
            measured = measure(function.lambda_handler, event, clock, REPEATS.get(figure, USUAL_REPEATS))
            figures |= {f"{figure}_{part}": value for part, value in measured.items()}
        figures[f"{name}_rss_mb"] = peak_rss_mb()  # before memory is traced, which takes as much again
        for figure, event in events.items():
            figures[f"{figure}_allocated_kb"] = allocated_kb(partial(function.lambda_handler, event, CONTEXT))
    json.dump(figures, sys.stdout)


if __name__ == "__main__":
    main()
