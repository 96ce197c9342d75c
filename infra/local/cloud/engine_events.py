"""The edges of moto's Step Functions engine: its calls to Lambda and Batch end here, by botocore's public events.

The engine runs in the server's threads of this process and makes its clients from boto3's default session, so what is
registered there reaches it. The engine also speaks of keys as the service integrations do (capitalised) where boto3
wants them as the API does: that is evened out here.
"""

import datetime
import io
import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from moto.stepfunctions.parser.asl.eval.callback.callback import CallbackEndpoint

from infra.local.cloud.batch import TRAIN, BatchJobs
from infra.local.cloud.lambda_context import LambdaContext

Handler = Callable[[Any, Any], Any]
SERVICES = ("lambda", "batch", "stepfunctions", "sns")


class Edges:
    """Answers the engine's calls with handlers in process and jobs as processes."""

    def __init__(self, handlers: Mapping[str, Handler], jobs: BatchJobs, time_scale: float = 1.0) -> None:
        self._handlers, self._jobs, self._time_scale = handlers, jobs, time_scale

    @contextmanager
    def registered(self) -> Iterator[None]:
        """For as long as this is open, the default session's clients end here."""
        if boto3.DEFAULT_SESSION is None:
            boto3.setup_default_session()
        events = boto3.DEFAULT_SESSION.events
        hooks: list[tuple[Any, str, Any]] = [
            (events.register_first, "before-send.lambda.Invoke", self._invoke),
            (events.register_first, "before-send.batch.SubmitJob", self._submit_job),
            (events.register_first, "before-send.batch.DescribeJobs", self._describe_jobs),
            (events.register_first, "before-parameter-build.batch.SubmitJob", _lower_keys),
            (events.register_last, "after-call.batch.SubmitJob", _add_capitalised),
        ]
        for operation in ("StartExecution", "DescribeExecution"):
            hooks.append((events.register_first, f"before-parameter-build.stepfunctions.{operation}", _lower_keys))
            hooks.append((events.register_last, f"after-call.stepfunctions.{operation}", _add_capitalised))
        for register, name, hook in hooks:
            register(name, hook)
        for service in SERVICES:  # once: boto3's default session is not safe for first use by several threads at a time
            boto3.client(service)
        interrupt_all = CallbackEndpoint.interrupt_all
        setattr(CallbackEndpoint, "interrupt_all", _interrupt_once)  # noqa: B010  # a plain assignment is untypable
        try:
            yield
        finally:
            setattr(CallbackEndpoint, "interrupt_all", interrupt_all)  # noqa: B010  # as above
            for _, name, hook in hooks:
                events.unregister(name, hook)

    def _invoke(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        """POST /2015-03-31/functions/NAME-OR-ARN/invocations"""
        name = unquote(request.url.split("/functions/")[1].split("/")[0]).rpartition(":")[2]
        if name not in self._handlers:
            return _answer(request, {"Type": "User", "Message": f"Function not found: {name}"}, 404,
                           {"x-amzn-ErrorType": "ResourceNotFoundException"})  # fmt: skip
        headers = {"X-Amz-Executed-Version": "$LATEST"}
        try:
            answer = self._handlers[name](json.loads(request.body), LambdaContext(name, str(uuid.uuid4())))
            return _answer(request, answer, 200, headers)
        except Exception as error:  # Lambda reports whatever a handler raises
            report = {"errorType": type(error).__name__, "errorMessage": str(error)}
            return _answer(request, report, 200, headers | {"X-Amz-Function-Error": "Unhandled"})

    def _submit_job(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        asked = json.loads(request.body)
        overrides = asked["containerOverrides"]
        environment = {pair["name"]: pair["value"] for pair in overrides["environment"]}
        command = overrides.get("command", TRAIN)
        limit = asked.get("timeout", {}).get("attemptDurationSeconds")
        seconds = None if limit is None else limit * self._time_scale
        job = self._jobs.submit(asked["jobName"], environment, seconds, command)
        return _answer(request, {"jobId": job.job_id, "jobName": job.name})

    def _describe_jobs(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        return _answer(request, {"jobs": [self._jobs.describe(job) for job in json.loads(request.body)["jobs"]]})


def _interrupt_once(endpoint: Any) -> None:
    """The one thing that no event reaches: moto 5.2.5 leaves a failed `.sync` task's endpoint interrupted for good.

    Its next attempt, by Retry, would end as States.Timeout before the job has begun.
    """
    endpoint._notify_event.set()
    endpoint._notify_event.clear()


class _Raw(io.BytesIO):
    """What botocore reads a body from."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self.read()


def _answer(
    request: AWSPreparedRequest, body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> AWSResponse:
    raw = _Raw(json.dumps(body, allow_nan=False).encode())
    always = {"content-type": "application/json", "x-amzn-RequestId": str(uuid.uuid4())}
    return AWSResponse(request.url, status, always | dict(headers or {}), raw)


def _lower_keys(params: dict[str, Any], **_: Any) -> None:
    lowered = _lowered(params)
    if "input" in lowered and not isinstance(lowered["input"], str):
        lowered["input"] = json.dumps(params.get("Input", params.get("input")))
    params.clear()
    params.update(lowered)


def _lowered(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].lower() + key[1:]: _lowered(inner) for key, inner in value.items()}
    return [_lowered(inner) for inner in value] if isinstance(value, list) else value


def _add_capitalised(parsed: dict[str, Any], **_: Any) -> None:
    for key in [key for key in parsed if key != "ResponseMetadata"]:
        if isinstance(parsed[key], datetime.datetime):
            parsed[key] = parsed[key].timestamp()  # the engine keeps its answers as JSON
        parsed[key[0].upper() + key[1:]] = parsed[key]
