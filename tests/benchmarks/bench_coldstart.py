"""A function from nothing to its first answer: import, snapshot, first request, by part; with torch beside it."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping

from tests.benchmarks.bench_serving import SETTINGS, asked_by
from tests.benchmarks.coldstart.imports import seconds_by_package
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.systems import temporary_system
from tests.benchmarks.measure.tenants import live_tenant

REPEATS = 5
FUNCTIONS = ("predict", "recommend", "lookalike", "feedback")
WITH_TORCH = "import time, torch, functions.api.predict.app; print(time.process_time())"
ALONE = "import time, functions.api.{name}.app; print(time.process_time())"
BEFORE_SNAPSHOT = {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}


def main() -> None:
    environment = SETTINGS | {"PYDANTIC_DISABLE_PLUGINS": "true"}
    with temporary_system(**environment) as system:
        asked = asked_by(live_tenant(system, epochs=1))
        figures = {f"{name}_import_cpu_s": _cpu(ALONE.format(name=name)) for name in FUNCTIONS}
        with_torch = _cpu(WITH_TORCH)
        event = json.dumps(asked.routes()["predict"]["predict"])
        started, restored = _first_answer(event, {}), _first_answer(event, BEFORE_SNAPSHOT)
        packages = seconds_by_package("functions.api.predict.app", {})
    figures |= {
        "import_cpu_s": figures["predict_import_cpu_s"],
        "import_with_torch_cpu_s": with_torch,
        "import_torch_ratio": with_torch / figures["predict_import_cpu_s"],
        "first_answer_cpu_s": started["first_answer_cpu_s"],
        "first_answer_s": started["first_answer_s"],
        "snapshot_cpu_s": restored["import_cpu_s"],
        "restored_answer_cpu_s": restored["first_answer_cpu_s"],
        "restored_answer_s": restored["first_answer_s"],
        "second_answer_cpu_s": restored["second_answer_cpu_s"],
        "imported_rss_mb": started["imported_rss_mb"],
        "answered_rss_mb": restored["answered_rss_mb"],
    }
    publish("coldstart", figures | {f"import_{name}_s": seconds for name, seconds in packages.items()})


def _cpu(program: str) -> float:
    """The processor's seconds of a fresh interpreter."""
    return statistics.median(float(_run(["-c", program])) for _ in range(REPEATS))


def _first_answer(event: str, environment: Mapping[str, str]) -> dict[str, float]:
    """The median of each part; the last line is ours, those before are the function's metrics."""
    command = ["-m", "tests.benchmarks.coldstart.first_answer", "predict"]
    taken = [json.loads(_run(command, event, environment).splitlines()[-1]) for _ in range(REPEATS)]
    return {name: statistics.median(each[name] for each in taken) for name in taken[0]}


def _run(arguments: list[str], given: str = "", environment: Mapping[str, str] | None = None) -> str:
    command, whole = [sys.executable, *arguments], {**os.environ, **(environment or {})}
    return subprocess.run(command, env=whole, input=given, text=True, stdout=subprocess.PIPE, check=True).stdout


if __name__ == "__main__":
    main()
