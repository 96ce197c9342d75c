"""A bundle put by hand: judged on the latest snapshot, once, whatever the events say."""

import json
from datetime import timedelta
from typing import Any

import pytest

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import LeaseLost
from portfolio_twin.services.pipeline.deploy_model import digest_of
from tests.integration.fixtures.gates import NEW, NOW, OLD, WORLD, bundle_of, failed, freeze, judge, put
from tests.integration.fixtures.taste_world import knowing_twin

UPLOAD: dict[str, Any] = {"entry": "upload", "snapshot_id": None}


def test_an_upload_is_judged_on_the_latest_snapshot(tenant: Tenant) -> None:
    freeze(tenant, WORLD, OLD)
    put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)), "upload")
    answer = judge(tenant, **UPLOAD)
    assert answer["decision"] == "passed"
    assert answer["reasons"] == [f"judged on snapshot {OLD}, the latest"]


def test_an_upload_for_a_tenant_without_data_is_rejected_saying_what_to_do(tenant: Tenant) -> None:
    put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)), "upload")
    answer = judge(tenant, **UPLOAD)
    assert (answer["decision"], failed(answer)) == ("rejected", {"snapshot"})
    assert "run the retrain machine" in answer["reasons"][0]


@pytest.mark.case(32)
def test_an_upload_event_that_arrives_three_times_is_validated_once(tenant: Tenant) -> None:
    freeze(tenant, WORLD, OLD)
    put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)), "upload")
    verdict = f"{tenant.tenant_id}/training/{NEW}/upload_gates.json"
    first = judge(tenant, **UPLOAD)
    kept = tenant.bucket.objects.read(verdict)
    assert judge(tenant, **UPLOAD, now=NOW + timedelta(minutes=1)) == first  # it died before promotion: go on
    tenant.bucket.models.publish(NEW, bundle_of(tenant, knowing_twin(WORLD, NEW)))
    tenant.bucket.models.promote(NEW, "test", None)
    assert judge(tenant, **UPLOAD)["decision"] == "already_decided"
    assert tenant.bucket.objects.read(verdict) == kept


def test_a_verdict_put_with_the_bundle_is_not_believed(tenant: Tenant) -> None:
    freeze(tenant, WORLD, OLD)
    files = bundle_of(tenant, knowing_twin(WORLD, NEW), losses=(1.0, 2.0))
    verdict = {"decision": "passed", "reasons": [], "gates": {}, "kind": "twin", "decided_at": NOW.isoformat()}
    forged = json.dumps(verdict | {"manifest_sha256": digest_of(files["manifest.json"])}).encode()
    put(tenant, files | {"gates.json": forged, "upload_gates.json": forged}, "upload")
    assert judge(tenant, **UPLOAD)["decision"] == "rejected"


def test_a_rejected_upload_stays_rejected_until_other_files_come(tenant: Tenant) -> None:
    freeze(tenant, WORLD, OLD)
    bad = bundle_of(tenant, knowing_twin(WORLD, NEW), losses=(1.0, 2.0))
    put(tenant, bad, "upload")
    assert judge(tenant, **UPLOAD)["decision"] == "rejected"
    assert judge(tenant, **UPLOAD)["decision"] == "already_decided"
    put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)), "upload")
    assert judge(tenant, **UPLOAD)["decision"] == "passed"


def test_another_runs_lease_ends_an_upload_and_stops_a_retraining(tenant: Tenant) -> None:
    freeze(tenant, WORLD, NEW)
    put(tenant, bundle_of(tenant, knowing_twin(WORLD, NEW)))
    tenant.bucket.lease.acquire("somebody else", 60)
    assert judge(tenant, **UPLOAD)["decision"] == "already_running"
    with pytest.raises(LeaseLost):
        judge(tenant)
    assert tenant.bucket.objects.find(f"{tenant.tenant_id}/training/{NEW}/gates.json") is None
