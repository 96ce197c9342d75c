"""A bundle put by hand: judged on the latest snapshot, once, whatever the events say."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import LeaseLost
from portfolio_twin.services.pipeline.verdicts import digest_of
from tests.fakes.twins import TENANT_A
from tests.integration.fixtures.gates import NEW, NOW, OLD, WORLD, failed, freeze, judge, put, registry, s3
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

__all__ = ["registry", "s3"]  # pytest finds the fixtures by their names here

VERDICT = f"{TENANT_A}/training/{NEW}/upload_gates.json"
UPLOAD: dict[str, Any] = {"entry": "upload", "snapshot_id": None}


def test_an_upload_is_judged_on_the_latest_snapshot(registry: Registry) -> None:
    freeze(registry, WORLD, OLD)
    source = put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW), root="uploads/")
    answer = judge(registry, source, **UPLOAD)
    assert answer["decision"] == "passed"
    assert answer["reasons"] == [f"judged on snapshot {OLD}, the latest"]


def test_an_upload_for_a_tenant_without_data_is_rejected_saying_what_to_do(registry: Registry) -> None:
    source = put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW), root="uploads/")
    answer = judge(registry, source, **UPLOAD)
    assert (answer["decision"], failed(answer)) == ("rejected", {"snapshot"})
    assert "run the retrain machine" in answer["reasons"][0]


def test_an_upload_event_that_arrives_three_times_is_validated_once(registry: Registry) -> None:
    freeze(registry, WORLD, OLD)
    source = put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW), root="uploads/")
    first = judge(registry, source, **UPLOAD)
    kept = registry.read(VERDICT)
    assert judge(registry, source, **UPLOAD, now=NOW + timedelta(minutes=1)) == first  # it died before promotion: go on
    registry.publish(TENANT_A, NEW, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW))
    registry.promote(TENANT_A, NEW, "test", None)
    assert judge(registry, source, **UPLOAD)["decision"] == "already_decided"
    assert registry.read(VERDICT) == kept


def test_a_verdict_put_with_the_bundle_is_not_believed(registry: Registry) -> None:
    freeze(registry, WORLD, OLD)
    files = as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW, losses=(1.0, 2.0))
    said = {"decision": "passed", "reasons": [], "gates": {}, "kind": "twin", "decided_at": NOW.isoformat()}
    forged = json.dumps(said | {"manifest_sha256": digest_of(files["manifest.json"])}).encode()
    source = put(registry, files | {"gates.json": forged, "upload_gates.json": forged}, root="uploads/")
    assert judge(registry, source, **UPLOAD)["decision"] == "rejected"


def test_a_rejected_upload_stays_rejected_until_other_files_come(registry: Registry) -> None:
    freeze(registry, WORLD, OLD)
    bad = as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW, losses=(1.0, 2.0))
    source = put(registry, bad, root="uploads/")
    assert judge(registry, source, **UPLOAD)["decision"] == "rejected"
    assert judge(registry, source, **UPLOAD)["decision"] == "already_decided"
    put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW), root="uploads/")
    assert judge(registry, source, **UPLOAD)["decision"] == "passed"


def test_another_runs_lease_ends_an_upload_and_stops_a_retraining(registry: Registry) -> None:
    freeze(registry, WORLD, NEW)
    source = put(registry, as_bundle(knowing_twin(WORLD, NEW), WORLD, TENANT_A, NEW))
    registry.acquire_lease(TENANT_A, "somebody else", 60)
    assert judge(registry, source, **UPLOAD)["decision"] == "already_running"
    with pytest.raises(LeaseLost):
        judge(registry, source)
    assert registry.find(f"{TENANT_A}/training/{NEW}/gates.json") is None
