"""Distributed Maps on this machine: moto's engine forgets the histories of their executions and writes no results.

So each is run as an inline one, with a state before it that reads its list from S3 and a state after it that writes
what its ResultWriter would. Everything else of the ASL file is as it is.
"""

import json
import uuid
from typing import Any

from portfolio_twin.adapters.s3.objects import connect

READ, WRITE = "read_map_items", "write_map_results"
Json = dict[str, Any]


def inlined(machine: Json, function_arn: str) -> Json:
    """`function_arn`: with {} for the name of a function of this module."""
    states: Json = {}
    for name, state in machine["States"].items():
        if "ItemReader" not in state:
            states[name] = state
            continue
        before, after = f"{name}Items", f"{name}Results"
        states[before] = _task(function_arn.format(READ), state["ItemReader"]["Parameters"], f"$.{before}", name)
        states[name] = _inline(state, f"$.{before}") | {"Next": after}
        given = state["ResultWriter"]["Parameters"] | {"results.$": f"$.{before}"}
        states[after] = _task(function_arn.format(WRITE), given, state["ResultPath"], state["Next"])
    renamed = {name: f"{name}Items" for name, state in machine["States"].items() if "ItemReader" in state}
    return machine | {"States": {name: _led_to(state, renamed, name) for name, state in states.items()}}


def _task(function: str, payload: Json, path: str, following: str) -> Json:
    return {
        "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "TimeoutSeconds": 600, "ResultPath": path,
        "Parameters": {"FunctionName": function, "Payload": payload}, "Next": following,
        "ResultSelector": {"items.$": "$.Payload.items", "ResultWriterDetails.$": "$.Payload.ResultWriterDetails"},
    }  # fmt: skip


def _inline(state: Json, path: str) -> Json:
    """The results take the items' place: both together would be more than a state may hold."""
    gone = {"ItemReader", "ResultWriter", "ToleratedFailurePercentage", "Label"}
    processor = state["ItemProcessor"] | {"ProcessorConfig": {"Mode": "INLINE"}}
    kept = {key: value for key, value in state.items() if key not in gone}
    return kept | {"ItemsPath": f"{path}.items", "ResultPath": path, "ItemProcessor": processor}


def _led_to(state: Json, renamed: dict[str, str], name: str) -> Json:
    """Whoever led to a Map leads to the state before it, but for that state."""
    if name in renamed.values():
        return state

    def way(node: Json) -> Json:
        return {key: renamed.get(value, value) if key in ("Next", "Default") else value for key, value in node.items()}

    return way(state) | {key: [way(one) for one in state[key]] for key in ("Choices", "Catch") if key in state}


def read_map_items(event: Json, _context: object) -> Json:
    body = connect().get_object(Bucket=event["Bucket"], Key=event["Key"])["Body"].read()
    return {"items": json.loads(body), "ResultWriterDetails": None}


def write_map_results(event: Json, _context: object) -> Json:
    """The two files that a ResultWriter leaves of executions that all succeeded."""
    s3, prefix = connect(), f"{event['Prefix']}{uuid.uuid4()}/"
    texts = [json.dumps(result) for result in event["results"]]
    ended = [{"Input": text, "Output": text, "Status": "SUCCEEDED"} for text in texts]
    file, manifest = f"{prefix}SUCCEEDED_0.json", f"{prefix}manifest.json"
    body = json.dumps(ended).encode()
    s3.put_object(Bucket=event["Bucket"], Key=file, Body=body)
    files = {"FAILED": [], "PENDING": [], "SUCCEEDED": [{"Key": file, "Size": len(body)}]}
    s3.put_object(Bucket=event["Bucket"], Key=manifest, Body=json.dumps({"ResultFiles": files}).encode())
    return {"items": None, "ResultWriterDetails": {"Bucket": event["Bucket"], "Key": manifest}}


HANDLERS = {READ: read_map_items, WRITE: write_map_results}
