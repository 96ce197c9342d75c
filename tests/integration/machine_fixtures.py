"""The two machines with stand-ins for their steps, and what to read in the history of an execution."""

import json
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest

from infra.local.executions import Execution
from infra.local.pipeline import LocalPipeline
from infra.local.s3_server import S3Server
from portfolio_twin.adapters.registry import Registry
from tests.integration.stub_steps import StubSteps

GOOD_TRAINER = (sys.executable, "-c", "")

Pipeline = Callable[..., AbstractContextManager[LocalPipeline]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with S3Server(tmp_path_factory.mktemp("state"), "machines-bucket") as running, pytest.MonkeyPatch.context() as env:
        for name, value in running.environment.items():
            env.setenv(name, value)
        yield running


@pytest.fixture
def tenant() -> uuid.UUID:
    return uuid.uuid4()


@pytest.fixture
def steps(server: S3Server, tenant: uuid.UUID) -> StubSteps:
    return StubSteps(Registry(server.bucket), tenant)


@pytest.fixture
def pipeline(server: S3Server, steps: StubSteps) -> Pipeline:
    def started(train: tuple[str, ...] = GOOD_TRAINER, **options: Any) -> LocalPipeline:
        return LocalPipeline(server, steps.handlers(), train, **{"time_scale": 0.01, **options})

    return started


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def outcome(execution: Execution, tenant: uuid.UUID) -> str:
    return execution.tenants[str(tenant)].outcome


def notified(execution: Execution) -> list[str]:
    scheduled = [event["taskScheduledEventDetails"] for event in execution.events_of("TaskScheduled")]
    return [json.loads(task["parameters"])["Subject"] for task in scheduled if task["resourceType"] == "sns"]


def attempts_to_train(execution: Execution) -> int:
    submitted = [event["taskSubmittedEventDetails"] for event in execution.events_of("TaskSubmitted")]
    return sum(task["resourceType"] == "batch" for task in submitted)
