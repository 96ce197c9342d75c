"""The ASL files as the engine takes them: names put in, and time shrunk where a test asks for it."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.local.cloud.map_runs import inlined

DEFINITIONS = Path(__file__).resolve().parents[2] / "pipelines"
# However much a test shrinks time.
LEAST_SECONDS = {"TimeoutSeconds": 5, "Seconds": 1, "IntervalSeconds": 1, "MaxDelaySeconds": 1}


def read_definition(machine: str, names: Mapping[str, str], time_scale: float) -> str:
    """`names`: what stands for each ${Name}; one that is missing is an error here as in the cloud."""
    text = (DEFINITIONS / f"{machine}.asl.json").read_text()
    text = re.sub(r"\$\{(\w+)\}", lambda match: names[match[1]], text)
    definition = inlined(json.loads(text), names["FunctionArn"])
    return json.dumps(definition if time_scale == 1 else _scaled(definition, time_scale))


def _scaled(node: Any, time_scale: float) -> Any:
    if isinstance(node, list):
        return [_scaled(inner, time_scale) for inner in node]
    if not isinstance(node, dict):
        return node
    scaled = {key: _scaled(value, time_scale) for key, value in node.items()}
    for key in LEAST_SECONDS.keys() & scaled.keys():
        scaled[key] = max(LEAST_SECONDS[key], round(scaled[key] * time_scale))
    return scaled
