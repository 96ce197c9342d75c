"""What a function imports, by package: `-X importtime` summed up."""

import os
import subprocess
import sys
from collections import Counter

SHOWN = 12


def seconds_by_package(module: str, environment: dict[str, str]) -> dict[str, float]:
    """Each top package's own share of the clock, the largest first; the standard library is one."""
    command = [sys.executable, "-X", "importtime", "-c", f"import {module}"]
    done = subprocess.run(command, env=os.environ | environment, check=True, capture_output=True, text=True)
    own: Counter[str] = Counter()
    for line in done.stderr.splitlines():
        microseconds, _, name = line.removeprefix("import time:").split("|")
        if microseconds.strip().isdigit():
            package = name.strip().split(".")[0]
            own["python" if package in sys.stdlib_module_names else package] += int(microseconds)
    return {name: value / 1e6 for name, value in own.most_common(SHOWN)}
