"""A function from nothing to its second answer, in a process of its own: seconds of each part, as JSON.

`python -m tests.benchmarks.coldstart.first_answer FUNCTION < event.json`. With snap-start for
AWS_LAMBDA_INITIALIZATION_TYPE the import makes what Lambda puts into the snapshot, and the first answer is that of a
restored instance.
"""

import json
import sys
import time
from importlib import import_module
from typing import Any

EVENT = json.load(sys.stdin)
FIGURES: dict[str, float] = {}


class Part:
    """Notes the processor's and the clock's seconds of a block."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def __exit__(self, *_: object) -> None:
        FIGURES[f"{self._name}_cpu_s"] = time.process_time() - self._cpu
        FIGURES[f"{self._name}_s"] = time.perf_counter() - self._wall


def main() -> None:
    started = time.process_time()  # of the interpreter itself
    with Part("import"):
        function: Any = import_module(f"functions.api.{sys.argv[1]}.app")
    FIGURES["import_cpu_s"] += started
    from infra.local.cloud.lambda_context import LambdaContext
    from tests.benchmarks.measure.clock import peak_rss_mb

    context = LambdaContext("bench", "bench")
    FIGURES["imported_rss_mb"] = peak_rss_mb()
    for name in ("first_answer", "second_answer"):
        with Part(name):
            answer = function.lambda_handler(EVENT, context)
        if answer["statusCode"] != 200:
            raise SystemExit(f"the handler answered {answer}")
    FIGURES["answered_rss_mb"] = peak_rss_mb()
    print(json.dumps(FIGURES))


if __name__ == "__main__":
    main()
