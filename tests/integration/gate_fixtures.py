"""An S3 with frozen data and bundles in it, and the step that judges them."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

from portfolio_twin.adapters.registry import Registry
from portfolio_twin.adapters.snapshots import digests, pack_snapshot, store_snapshot
from portfolio_twin.domain.split import draw_holdout
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.evaluate_gates import evaluate_gates
from tests.integration.taste_world import World, as_bundle, make_world
from tests.twins import TENANT_A

OLD, NEW = "20261101T020000Z-00000001", "20261108T020000Z-00000002"
NOW = datetime(2026, 11, 8, 2, 5, tzinfo=UTC)
WORLD = make_world()


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            environment.setenv(name, "test")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        yield boto3.client("s3", region_name="us-east-1")


@pytest.fixture
def registry(s3: Any) -> Registry:
    bucket = f"models-{uuid4()}"
    s3.create_bucket(Bucket=bucket)
    return Registry(bucket, s3)


def freeze(registry: Registry, world: World, snapshot_id: str) -> None:
    files = pack_snapshot(world.catalogue, world.log, draw_holdout(world.log, world.catalogue.ids, seed=0))
    store_snapshot(registry, TENANT_A, files, {"snapshot_id": snapshot_id, "files": digests(files)})


def put(registry: Registry, files: dict[str, bytes], version: str = NEW, root: str = "") -> str:
    source = f"{root}{TENANT_A}/{'training/' if not root else ''}{version}/"
    for name, data in files.items():
        registry.write(source + name, data)
    return source


def judge(registry: Registry, source: str, version: str = NEW, **more: Any) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "entry": "retrain", "snapshot_id": version, "holder": "run-1", "lease_seconds": 60, "now": NOW,
    }  # fmt: skip
    return evaluate_gates(registry, TENANT_A, version, source=source, **settings | more)


def judged(registry: Registry, twin: Twin, **bundle: Any) -> dict[str, Any]:
    """The verdict on this twin after a retraining on WORLD."""
    freeze(registry, WORLD, NEW)
    return judge(registry, put(registry, as_bundle(twin, WORLD, TENANT_A, NEW, **bundle)))


def make_live(registry: Registry, twin: Twin, world: World) -> None:
    freeze(registry, world, OLD)
    registry.publish(TENANT_A, OLD, as_bundle(twin, world, TENANT_A, OLD))
    registry.promote(TENANT_A, OLD, "test", None)


def failed(answer: dict[str, Any]) -> set[str]:
    return {name for name, gate in answer["gates"].items() if not gate["passed"]}
