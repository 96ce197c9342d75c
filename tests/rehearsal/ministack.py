"""MiniStack as a process, and deployments into it by the scripts that deploy to AWS."""

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import yaml  # type: ignore[import-untyped]  # ships no types

from tests.infrastructure.resources import ROOT
from tests.rehearsal.stand_ins import Template, replace_what_is_missing

STACK = "portfolio-twin-dev"  # of samconfig.toml's default section
BUILT, COPY = ROOT / ".aws-sam/build", ROOT / ".aws-sam/rehearsal"
START_SECONDS = 60
Done = subprocess.CompletedProcess[str]
LISTS = {
    "apigatewayv2": ("get_apis", "Items", "Name"),
    "cloudwatch": ("describe_alarms", "MetricAlarms", "AlarmName"),
    "events": ("list_rules", "Rules", "Name"),
    "iam": ("list_roles", "Roles", "RoleName"),
    "lambda": ("list_functions", "Functions", "FunctionName"),
    "logs": ("describe_log_groups", "logGroups", "logGroupName"),
    "s3": ("list_buckets", "Buckets", "Name"),
    "sns": ("list_topics", "Topics", "TopicArn"),
    "sqs": ("list_queues", "QueueUrls", ""),
    "stepfunctions": ("list_state_machines", "stateMachines", "name"),
}


@dataclass(frozen=True)
class Cloud:
    """An emulated account: its clients, and `make deploy` into it."""

    environment: Mapping[str, str] = field(repr=False)

    def client(self, service: str) -> Any:
        return boto3.client(
            service, endpoint_url=self.environment["AWS_ENDPOINT_URL"], region_name="us-east-1",
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    def deploy(
        self,
        release: str,
        parameters: Mapping[str, str],
        change: Callable[[Template], None] | None = None,
        more: Sequence[str] = (),
    ) -> Done:
        """Runs the script of `make deploy` on the copy of what was built, stand-ins put in."""
        template: Template = yaml.safe_load((BUILT / "template.yaml").read_text())
        replaced = replace_what_is_missing(template, release)
        if change:
            change(template)
        (COPY / "template.json").write_text(json.dumps(template))
        (COPY / "replaced.txt").write_text("\n".join(replaced))
        options = ["--no-confirm-changeset", "--no-progressbar"]
        files = ["--template-file", str(COPY / "template.json"), "--config-file", str(ROOT / "samconfig.toml")]
        return self._run(["infra/deploy/release/deploy.sh", *files, *options, *more], parameters)

    def _run(self, command: list[str], parameters: Mapping[str, str]) -> Done:
        pairs = " ".join(f"{name}='{value}'" for name, value in parameters.items())
        given = {**self.environment, "GUIDED": "", "PARAMETERS": pairs}
        return subprocess.run(command, cwd=ROOT, env=given, capture_output=True, text=True, check=False)

    def migrate(self, parameters: Mapping[str, str]) -> Done:
        """Runs the script of `make migrate`."""
        return self._run(["infra/deploy/release/migrate.sh"], parameters)

    def status(self) -> str | None:
        """The stack's; None where there is none."""
        stacks = self.client("cloudformation").describe_stacks()["Stacks"]
        return next((stack["StackStatus"] for stack in stacks if stack["StackName"] == STACK), None)

    def physical_id(self, name: str) -> str:
        found = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=name)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def everything(self) -> set[str]:
        """What is there of ours, by service and name."""
        found = set()
        for service, (operation, items, key) in LISTS.items():
            client = self.client(service)
            pages = client.get_paginator(operation).paginate() if client.can_paginate(operation) else None
            for page in pages or [getattr(client, operation)()]:
                found |= {f"{service} {item[key] if key else item}" for item in page.get(items, [])}
        return {name for name in found if "portfolio-twin" in name}

    def live(self) -> dict[str, dict[str, Any]]:
        """The configuration behind each function's alias."""
        functions = self.client("lambda")
        names = [one["FunctionName"] for one in functions.list_functions()["Functions"]]
        return {name: functions.get_function_configuration(FunctionName=name, Qualifier="live") for name in names}

    def invoke(self, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of the version behind the alias; an error of Lambda's own fails the test."""
        functions, behind = self.client("lambda"), {"FunctionName": f"{STACK}-{function}", "Qualifier": "live"}
        functions.get_waiter("published_version_active").wait(**behind)  # SnapStart's snapshot is taken meanwhile
        answer = functions.invoke(**behind, Payload=json.dumps(event))
        payload: dict[str, Any] = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return payload


@contextmanager
def running(folder: Path) -> Iterator[Cloud]:
    """MiniStack with policies enforced, on a free port of this machine alone, its files in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    settings = {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port), "AUTH": "true", "TMPDIR": str(folder)}
    settings |= {"MINISTACK_COGNITO_PRETOKEN_STRICT": "true"}  # a trigger that fails is a token refused, as at AWS
    python = ROOT / ".venv-ministack/bin/python"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([python, "-m", "ministack"], env=ours | settings, stdout=log, stderr=log)
        try:
            _wait_for(port, process, folder / "log")
            keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
            address = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_EC2_METADATA_DISABLED": "true"}
            yield Cloud(ours | keys | address)
        finally:
            process.terminate()
            process.wait(30)


def copy_of_the_build() -> Path:
    """Links to what was built, a sibling of it: a test may put other files into their places."""
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(BUILT, COPY, copy_function=os.link)
    return COPY


def _wait_for(port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise RuntimeError(f"MiniStack did not start: {log.read_text()[-2000:]}")
