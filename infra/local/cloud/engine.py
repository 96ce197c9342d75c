"""The state machines on this machine: the very ASL files, executed by moto's Step Functions engine.

Nothing of the workflow is written a second time here: Lambda tasks call the handlers in process, the Batch job is a
process of `functions/train`, SNS and the nested execution are moto's own.
"""

import importlib
import json
import logging
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from typing import Any, Self
from uuid import UUID

import boto3
from moto.core.config import default_user_config

from infra.local.cloud import map_runs
from infra.local.cloud.batch import BatchJobs
from infra.local.cloud.definitions import read_definition
from infra.local.cloud.engine_events import Edges, Handler
from infra.local.cloud.executions import Event, Execution, Step, read_steps
from infra.local.cloud.put_rules import started_by
from infra.local.stores.s3_server import REGION, S3Server
from portfolio_twin.adapters.s3 import keys

MACHINES = ("reindex", "retrain", "import")
STEPS = (
    "list_tenants", "check_data", "prepare_data", "evaluate_gates", "deploy_model",
    "plan_index", "index_shard", "verify_index", "promote_model", "import_data",
)  # fmt: skip
ENTRYPOINT = (sys.executable, "-m")  # of the training image
ACCOUNT = "123456789012"
POLL_SECONDS = 0.1

Watcher = Callable[[Step], None]


def real_handlers() -> dict[str, Handler]:
    """The functions of the deployment, by name."""
    return {name: importlib.import_module(f"functions.pipeline.{name}.app").lambda_handler for name in STEPS}


class LocalPipeline:
    """Use it as a context, with the server started and its environment set.

    `watch` hears of every state entered (left is None) and left. `time_scale` shrinks the machines' time limits and
    pauses, so that a test need not wait an hour for a timeout.
    """

    def __init__(
        self,
        server: S3Server,
        handlers: Mapping[str, Handler] | None = None,
        *,
        entrypoint: Sequence[str] = ENTRYPOINT,
        watch: Watcher | None = None,
        time_scale: float = 1.0,
    ) -> None:
        self._server, self._watch, self._time_scale = server, watch, time_scale
        self._jobs = BatchJobs(entrypoint)
        steps = real_handlers() if handlers is None else handlers
        self._edges = Edges({**steps, **map_runs.HANDLERS}, self._jobs, time_scale)
        self._open = ExitStack()
        self._machines: dict[str, str] = {}

    def __enter__(self) -> Self:
        logging.getLogger("moto.stepfunctions").setLevel(logging.CRITICAL)  # what it logs is in the history
        default_user_config["stepfunctions"] = {"execute_state_machine": True}
        self._open.enter_context(self._edges.registered())
        self._engine = boto3.client("stepfunctions")
        self.topic_arn: str = boto3.client("sns").create_topic(Name="portfolio-twin")["TopicArn"]
        self._drop_leases_of_the_dead()
        run = uuid.uuid4().hex[:8]
        for name in MACHINES:  # reindex first: the others name it
            made = self._engine.create_state_machine(
                name=f"{name}-{run}",
                roleArn=f"arn:aws:iam::{ACCOUNT}:role/local",
                definition=read_definition(name, self._names(), self._time_scale),
            )
            self._machines[name] = made["stateMachineArn"]
        self._open.enter_context(self._server.heard_by(self._start_by_rule))
        return self

    def __exit__(self, *_: object) -> None:
        self._jobs.stop()
        self._open.close()

    def retrain(self, **given: Any) -> Execution:
        return self.wait(self.start("retrain", given))

    def reindex(self, **given: Any) -> Execution:
        return self.wait(self.start("reindex", given))

    def import_data(self, **given: Any) -> Execution:
        return self.wait(self.start("import", given))

    def start(self, machine: str, given: Mapping[str, Any]) -> str:
        """The new execution's ARN. Named, for without a name moto leaves `$$.Execution.Name` null."""
        started = self._engine.start_execution(
            stateMachineArn=self._machines[machine], name=str(uuid.uuid4()), input=json.dumps(given)
        )
        return str(started["executionArn"])

    def executions(self, machine: str) -> list[str]:
        """The ARNs of all that were started, the latest first."""
        listed = self._engine.list_executions(stateMachineArn=self._machines[machine])["executions"]
        return [str(execution["executionArn"]) for execution in listed]

    def wait(self, arn: str) -> Execution:
        """Follows the execution to its end, telling `watch` of every step of it and of those that it starts."""
        heard: set[tuple[tuple[str, int], bool]] = set()
        while True:
            now = self._engine.describe_execution(executionArn=arn)
            steps = sorted(self._steps(arn), key=lambda step: step.entered)
            for step in steps:
                for news in [replace(step, left=None, output=None)] + [step] * (step.left is not None):
                    if (news.key, news.left is None) not in heard:
                        heard.add((news.key, news.left is None))
                        if self._watch is not None:
                            self._watch(news)
            if now["status"] != "RUNNING":
                return Execution(
                    arn=arn, status=now["status"], output=json.loads(now.get("output") or "null"),
                    error=now.get("error"), cause=now.get("cause"), events=self._history(arn), steps=steps,
                )  # fmt: skip
            time.sleep(POLL_SECONDS)

    def _start_by_rule(self, key: str) -> None:
        if started := started_by(key):
            self.start(*started)

    def _steps(self, arn: str) -> Iterator[Step]:
        for machine, machine_arn in self._machines.items():
            for execution in self._engine.list_executions(stateMachineArn=machine_arn)["executions"]:
                if execution["executionArn"] == arn or self._started_by(execution["executionArn"]) == arn:
                    yield from read_steps(machine, execution["executionArn"], self._history(execution["executionArn"]))

    def _started_by(self, arn: str) -> str | None:
        given: dict[str, str] = json.loads(self._engine.describe_execution(executionArn=arn)["input"])
        return given.get("AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID")

    def _history(self, arn: str) -> list[Event]:
        return list(self._engine.get_execution_history(executionArn=arn)["events"])

    def _names(self) -> dict[str, str]:
        """What DefinitionSubstitutions puts into the definitions in the cloud."""
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{{}}"
        functions = {f"{_camel(n)}FunctionArn": function.format(n) for n in STEPS} | {"FunctionArn": function}
        machines = {f"{_camel(name)}StateMachineArn": arn for name, arn in self._machines.items()}
        stores = {"BucketName": self._server.bucket, "TopicArn": self.topic_arn}
        batch = {
            "TrainingJobQueueArn": "local",
            "TrainingJobDefinitionArn": "train",
            "PrepareJobDefinitionArn": "prepare",
        }
        training = {
            "TrainingAtOnce": "10",
            "TrainingWaitSeconds": "300",
            "IndexAtOnce": "10",
        }  # the template's defaults
        return functions | machines | stores | batch | training

    def _drop_leases_of_the_dead(self) -> None:
        """Executions live in this process: a lease from before belongs to one that was killed."""
        s3 = boto3.client("s3")
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=self._server.bucket, Delimiter="/"):
            for folder in page.get("CommonPrefixes", ()):
                with suppress(ValueError):  # not a tenant's: the uploads of all of them
                    tenant_id = UUID(folder["Prefix"].rstrip("/"))
                    for lease in (keys.lease(tenant_id), keys.import_lease(tenant_id)):
                        s3.delete_object(Bucket=self._server.bucket, Key=lease)


def _camel(name: str) -> str:
    return "".join(part.title() for part in name.split("_"))
