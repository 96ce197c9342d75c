"""Every call of AWS that the machines, the trainer and the API make, against the role that makes it in the cloud."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy.expand import expand, read_template
from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.database import Database
from tests.infrastructure.policies import Call, Grant, Policies, allowed
from tests.integration.fixtures.database import make_tenant, store
from tests.integration.fixtures.taste_world import make_world

ROOT = Path(__file__).resolve().parents[3]
BUCKET = "arn:aws:s3:::portfolio-twin"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:"
NAMES = {
    "Bucket.Arn": BUCKET, "QdrantSecretArn": f"{SECRET}qdrant", "DatabaseSecretArn": f"{SECRET}twin_app",
    "PipelineDatabaseSecretArn": f"{SECRET}twin_pipeline",
}  # fmt: skip
CREATION = {"s3:ObjectCreationOperation": "true"}
CONDITIONS = {"IfNoneMatch": "s3:if-none-match", "IfMatch": "s3:if-match"}
LARGE_ROWS = 500  # the one tenant is read by the functions, the other by the job
WITHOUT_CALLS = {"Explorer"}  # its role permits none
# Each in a process of its own, as in the cloud, and as its role of PostgreSQL.
RUNS = {
    "pipelines": "twin_pipeline", "predict": "twin_app", "recommend": "twin_app", "lookalike": "twin_app",
    "browse": "twin_app", "feedback": "twin_app", "admin": "twin_pipeline",
}  # fmt: skip

Recorded = dict[str, list[Call]]


@pytest.fixture(scope="module")
def recorded(postgres_urls: Urls, pipeline_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """By caller, what it asked for."""
    folder = tmp_path_factory.mktemp("recorded")
    *tenants, _without_a_model = [make_tenant(pipeline_database) for _ in range(3)]
    for tenant, world in zip(tenants, (make_world(60, 3), make_world()), strict=True):
        with pipeline_database.tenant_session(tenant) as session:
            store(session, world.catalogue, world.log)
            session.commit()
    rows = {"LARGE_TENANT_ROWS": str(LARGE_ROWS)}
    servers = {"DATABASE_URL": postgres_urls.app, "PIPELINE_DATABASE_URL": postgres_urls.pipeline}
    environment = {name: value for name, value in os.environ.items() if name != "QDRANT_URL"} | servers
    for command, role in RUNS.items():
        module = ["-m", "tests.integration.fixtures.recorded_run", command]
        done = subprocess.run(
            [sys.executable, *module, folder / "calls", folder / "state", *map(str, tenants)],
            cwd=ROOT, env=environment | rows | {"DATABASE_ROLE": role}, text=True, capture_output=True, check=False,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-4000:]
    calls: Recorded = {}
    for line in (folder / "calls").read_text().splitlines():
        noted = json.loads(line)
        calls.setdefault(noted["caller"], []).extend(calls_of(noted["operation"], noted["params"]))
    return calls


def calls_of(operation: str, params: dict[str, str]) -> Iterator[Call]:
    """What IAM asks of one API call. An operation that is not here is one to think about."""
    bucket = f"arn:aws:s3:::{params.get('Bucket')}"
    key = f"{bucket}/{params.get('Key')}"
    match operation:
        case "s3:GetObject":
            yield Call("s3:GetObject", key)
        case "s3:GetObject of nothing" | "s3:ListObjectsV2" | "s3:HeadBucket":  # without ListBucket a 404 is a 403
            yield Call("s3:ListBucket", bucket)
        case "s3:PutObject":
            conditions = {key: params[name] for name, key in CONDITIONS.items() if name in params}
            yield Call("s3:PutObject", key, CREATION | conditions)
            if "IfMatch" in params:
                yield Call("s3:GetObject", key)
        case "s3:ListObjectVersions":
            yield Call("s3:ListBucketVersions", bucket)
        case "s3:DeleteObjects":
            for object_key in params["Keys"].split("\n"):
                yield Call("s3:DeleteObjectVersion", f"{bucket}/{object_key}")
        case "secretsmanager:GetSecretValue":
            yield Call("secretsmanager:GetSecretValue", params["SecretId"][: -len("-abcdef")])
        case _:
            raise ValueError(f"{operation}: a call that nobody has judged yet")


@pytest.fixture(scope="module")
def policies() -> Policies:
    return Policies(expand(read_template())["Resources"], NAMES)


@pytest.fixture(scope="module")
def denials(policies: Policies) -> list[Grant]:
    return policies.denials("BucketPolicy")


def refused(calls: list[Call], grants: list[Grant], denials: list[Grant]) -> list[Call]:
    return [call for call in calls if not allowed(call, grants, denials)]


def test_everything_that_calls_aws_was_run(recorded: Recorded) -> None:
    functions = {path.parent.name.title().replace("_", "") for path in ROOT.glob("functions/*/*/app.py")}
    assert recorded.keys() == functions - WITHOUT_CALLS | {"Training", "Prepare"}


def test_no_call_is_refused(recorded: Recorded, policies: Policies, denials: list[Grant]) -> None:
    found = {name: refused(calls, policies.grants(f"{name}Role"), denials) for name, calls in recorded.items()}
    assert {name: calls for name, calls in found.items() if calls} == {}


def test_take_any_grant_away_and_a_call_is_refused(
    recorded: Recorded, policies: Policies, denials: list[Grant]
) -> None:
    """So there is none that nothing needs, and none whose loss this would not notice."""
    spare = set()
    for name, calls in recorded.items():
        grants = policies.grants(f"{name}Role")
        for grant in grants:
            if not refused(calls, [other for other in grants if other is not grant], denials):
                spare.add(f"{name} by {grant.name}")
    assert spare == set()


@pytest.mark.parametrize("key", ["T/models/V/manifest.json", "T/live.json", "T/lease.json"])
def test_the_bucket_refuses_what_is_not_written_conditionally(key: str, denials: list[Grant]) -> None:
    anything = [Grant("anything", {"Action": "s3:*", "Resource": "*"})]
    assert not allowed(Call("s3:PutObject", f"{BUCKET}/{key}", CREATION), anything, denials)
    assert allowed(Call("s3:PutObject", f"{BUCKET}/{key}", CREATION | {"s3:if-none-match": "*"}), anything, denials)
