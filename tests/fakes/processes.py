"""Python processes of their own, which find the modules that this one finds."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOTHING: Mapping[str, str] = {}


def start(
    *arguments: object, environment: Mapping[str, str] = NOTHING, stderr: int | None = None
) -> "subprocess.Popen[str]":
    command, env = _call(arguments, environment)
    return subprocess.Popen(command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=stderr)


def run(
    *arguments: object, environment: Mapping[str, str] = NOTHING, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    command, env = _call(arguments, environment)
    return subprocess.run(command, cwd=ROOT, env=env, text=True, capture_output=True, check=check)


def _call(arguments: tuple[object, ...], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    paths = {"PYTHONPATH": os.pathsep.join(sys.path)}
    return [sys.executable, *map(str, arguments)], {**os.environ, **paths, **environment}
