"""What X-Ray gets of an invocation in Lambda. In a process of its own: the SDK looks for Lambda when it is imported."""

import json

from tests.fakes.processes import run

IN_LAMBDA = {
    "AWS_LAMBDA_FUNCTION_NAME": "stack-Predict",
    "LAMBDA_TASK_ROOT": "/var/task",
    "POWERTOOLS_SERVICE_NAME": "stack",
    "POWERTOOLS_TRACE_DISABLED": "false",
    "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1",
}
PROGRAM = """
import json
from aws_xray_sdk.core import xray_recorder
from portfolio_twin.entrypoints.step import step
from portfolio_twin.settings import StepSettings

sent = []

class Emitter:
    def send_entity(self, entity):
        sent.append(entity.to_dict())

@step(StepSettings)
def lambda_handler(stores, event):
    return {"answer": "of somebody"}

xray_recorder._emitter = Emitter()
lambda_handler({"tenant_id": "t", "email": "somebody@example.com"}, None)
print(json.dumps(sent))
"""


def test_an_invocation_is_a_segment_of_its_trace_and_nothing_said_is_recorded() -> None:
    done = run("-c", PROGRAM, environment=IN_LAMBDA)
    (segment,) = json.loads(done.stdout.splitlines()[-1])
    assert (segment["name"], segment["trace_id"]) == ("## lambda_handler", "1-5759e988-bd862e3fe1be46a994272793")
    assert segment["annotations"]["Service"] == "stack"
    assert "somebody" not in done.stdout
