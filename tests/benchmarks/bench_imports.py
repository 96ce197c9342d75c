"""CPU seconds that importing each API function costs a cold start, in a fresh interpreter."""

import os
import statistics
import subprocess
import sys

from tests.benchmarks.figures import publish

HANDLERS = ("predict", "recommend", "lookalike", "feedback")
REPEATS = 5
PROGRAM = "import time, functions.api.{name}.app; print(time.process_time())"
ENVIRONMENT = {
    "BUCKET": "bench-bucket",
    "QDRANT_URL": "http://127.0.0.1:1",
    "DATABASE_URL": "postgresql+pg8000://nobody@127.0.0.1:1/none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "PYTHONPATH": "shared:.",
}


def main() -> None:
    figures = {}
    for name in HANDLERS:
        command = [sys.executable, "-c", PROGRAM.format(name=name)]
        environment = os.environ | ENVIRONMENT
        taken = [
            float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
            for _ in range(REPEATS)
        ]
        figures[f"{name}_import_cpu_s"] = statistics.median(taken)
    publish("imports", figures)


if __name__ == "__main__":
    main()
