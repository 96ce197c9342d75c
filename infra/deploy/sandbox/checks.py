"""Checks that ask, and change nothing that stays."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from infra.deploy.up.site import Site
from infra.deploy.up.steps import Say, Unfinished
from portfolio_twin.adapters.s3 import keys

ENVIRONMENTS = 10  # as many restores
LOGS_SECONDS = 45  # until CloudWatch has them


def conditional_writes(site: Site, _say: Say) -> str:
    """A bundle or a pointer without its condition is refused by the bucket, whoever writes."""
    s3, bucket, tenant = site.client("s3"), site.outputs(site.stack)["BucketName"], uuid4()
    bundle, pointer = keys.model(tenant, "sandbox") + "file", keys.live(tenant)
    try:
        for key in (bundle, pointer):
            _expect(s3, "AccessDenied", Bucket=bucket, Key=key, Body=b"1")
        s3.put_object(Bucket=bucket, Key=bundle, Body=b"1", IfNoneMatch="*")
        _expect(s3, "PreconditionFailed", Bucket=bucket, Key=bundle, Body=b"2", IfNoneMatch="*")
        etag = s3.put_object(Bucket=bucket, Key=pointer, Body=b"1", IfNoneMatch="*")["ETag"]
        s3.put_object(Bucket=bucket, Key=pointer, Body=b"2", IfMatch=etag)
        _expect(s3, "PreconditionFailed", Bucket=bucket, Key=pointer, Body=b"3", IfMatch=etag)
    finally:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=f"{tenant}/"):
            for one in page.get("Versions", []) + page.get("DeleteMarkers", []):
                s3.delete_object(Bucket=bucket, Key=one["Key"], VersionId=one["VersionId"])
    return "without a condition denied, with one that does not hold 412, with one that does written"


def _expect(s3: Any, code: str, **put: Any) -> None:
    try:
        s3.put_object(**put)
    except ClientError as error:
        if error.response["Error"]["Code"] != code:
            raise
    else:
        raise Unfinished(f"{put['Key']} was written, where {code} was expected")


def tls_to_postgresql(site: Site, _say: Say) -> str:
    """The function of the migrations logs in with sslmode=verify-full, on Lambda's own Python."""
    answer = site.client("lambda").invoke(FunctionName=site.migrations, Payload=b"{}")
    text: str = answer["Payload"].read().decode()
    if "FunctionError" in answer:
        raise Unfinished(text)
    return text


def restore_times(site: Site, say: Say) -> str:
    """Ten calls at once want ten environments; Lambda tells of each how long it took to restore."""
    functions, name, since = site.client("lambda"), f"{site.stack}-Predict", _now()
    with ThreadPoolExecutor(ENVIRONMENTS) as pool:
        list(
            pool.map(
                lambda _: functions.invoke(FunctionName=name, Qualifier="live", Payload=HEALTH), range(ENVIRONMENTS)
            )
        )
    say(f"  waiting {LOGS_SECONDS} s for the log")
    time.sleep(LOGS_SECONDS)
    found = site.client("logs").filter_log_events(
        logGroupName=f"/aws/lambda/{name}", startTime=int(since.timestamp() * 1000),
        filterPattern='{ $.type = "platform.restoreReport" }',
    )["events"]  # fmt: skip
    times = sorted(json.loads(event["message"])["record"]["metrics"]["durationMs"] for event in found)
    if not times:
        raise Unfinished("no restore in the log: were all environments warm? Deploy, and try again")
    return f"{len(times)} restores, {times[0]:.0f} to {times[-1]:.0f} ms"


def zeros_of_states(site: Site, _say: Say) -> str:
    """Whether AWS/States publishes a zero where nothing failed; the alarms work either way."""
    dimensions = [{"Name": "StateMachineArn", "Value": site.outputs(site.stack)["ReindexArn"]}]
    counts = {
        metric: len(_points(site, "AWS/States", metric, dimensions))
        for metric in ("ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut")
    }
    return f"points of three hours: {counts}"


def pinned_sessions(site: Site, _say: Say) -> str:
    """Of the proxy that the stack names, if it names one."""
    described = site.describe(site.stack).get("Parameters", [])
    proxy = {one["ParameterKey"]: one["ParameterValue"] for one in described}.get("RdsProxyName")
    if not proxy:
        return "not checked: there is no proxy in this stack (RdsProxyName)"
    points = _points(site, "AWS/RDS", PINNED, [{"Name": "ProxyName", "Value": proxy}])
    if max(points, default=0) > 0:
        raise Unfinished(f"{max(points):.0f} sessions at once were pinned within three hours")
    return f"none in {len(points)} points of three hours"


def _points(site: Site, namespace: str, metric: str, dimensions: list[dict[str, str]]) -> list[float]:
    found = site.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=metric, Dimensions=dimensions, Period=60, Statistics=["Sum"],
        StartTime=_now() - timedelta(hours=3), EndTime=_now(),
    )  # fmt: skip
    return [float(point["Sum"]) for point in found["Datapoints"]]


def _now() -> datetime:
    return datetime.now(UTC)


PINNED = "DatabaseConnectionsCurrentlySessionPinned"
HEALTH = json.dumps(
    {
        "version": "2.0", "routeKey": "GET /health", "rawPath": "/health", "rawQueryString": "", "headers": {},
        "requestContext": {"http": {"method": "GET", "path": "/health", "sourceIp": "127.0.0.1"}, "stage": "$default"},
        "isBase64Encoded": False,
    }
).encode()  # fmt: skip
