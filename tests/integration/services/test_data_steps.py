"""CheckData on a real PostgreSQL and S3: what it decides, what it tells, and that a skip leaves no trace."""

import json
import subprocess
from datetime import timedelta

import numpy as np
import pytest
from sqlalchemy import text

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.readiness import Counts
from portfolio_twin.model.bundle.files import MANIFEST
from tests.fakes import processes
from tests.integration.fixtures.data import NOW, VERSION, add_events, add_properties, check, fill, prepare, stored
from tests.integration.fixtures.gates import OLD
from tests.integration.fixtures.index import stores_over
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin


def test_enough_data_is_trained_on_and_the_report_is_kept(tenant: Tenant) -> None:
    fill(tenant)
    answer = check(tenant)
    assert answer["decision"] == "train"
    counts = Counts(properties=60, interactions=100, users=20, positives=100, testable_users=20)
    assert answer["counts"] == counts.to_json()
    assert answer["drift"] is None
    report = json.loads(tenant.bucket.objects.read(f"{tenant.tenant_id}/training/{VERSION}/data_report.json"))
    assert report["null_shares"]["cap_rate"] == 1
    assert tenant.bucket.lease.held_by("run-1")


def test_too_little_data_gets_the_content_model_when_nothing_is_live(tenant: Tenant) -> None:
    add_properties(tenant, 3)
    answer = check(tenant)
    assert answer["decision"] == "content"
    assert "3 properties, 50 needed" in answer["reasons"]


def test_too_little_data_beside_a_live_model_is_skipped_with_reasons_and_nothing_is_written(tenant: Tenant) -> None:
    add_properties(tenant, 3)
    live = json.dumps({"version": "20260101T000000Z-00000000", "promoted_at": NOW.isoformat()}).encode()
    tenant.bucket.objects.write(f"{tenant.tenant_id}/live.json", live)
    answer = check(tenant)
    assert answer["decision"] == "skip"
    assert answer["counts"]["properties"] == 3
    assert answer["reasons"][:2] == ["0 deals or likes, 100 needed", "3 properties, 50 needed"]
    assert stored(tenant) == {"live.json", "lease.json"}


def test_too_little_data_beside_a_model_of_another_schema_gets_a_new_one(tenant: Tenant) -> None:
    add_properties(tenant, 3)
    tenant.bucket.objects.write(keys.model(tenant.tenant_id, OLD) + MANIFEST, b'{"schema_version": 1}')
    tenant.bucket.models.promote(OLD, by="test", expected=None)
    assert check(tenant)["decision"] == "content"


def test_a_tenant_with_nothing_at_all_is_skipped(tenant: Tenant) -> None:
    assert check(tenant)["decision"] == "skip"
    assert stored(tenant) == {"lease.json"}


def test_another_runs_lease_ends_the_check_before_it_looks_at_anything(tenant: Tenant) -> None:
    tenant.bucket.lease.acquire("somebody else", 60)
    answer = check(tenant)
    assert (answer["decision"], answer["counts"]) == ("already_running", {})
    assert check(tenant, execution="somebody else")["decision"] == "skip"  # a retry of one's own


@pytest.mark.case(26)
def test_enough_future_dates_are_refused_and_a_few_are_left_out(tenant: Tenant) -> None:
    fill(tenant)
    tomorrow = NOW + timedelta(days=1)
    add_events(tenant, [(1, "p1", "view", tomorrow)] * 2)
    few = check(tenant)
    assert few["decision"] == "train"
    assert few["counts"]["bad_interactions_in_the_future"] == 2
    assert few["counts"]["interactions"] == 100
    add_events(tenant, [(2, f"p{i}", "view", tomorrow) for i in range(10)])
    many = check(tenant)
    assert many["decision"] == "skip"
    assert many["reasons"][0].startswith("refused: 12 of 112 interactions in the future")


def update_properties(tenant: Tenant, change: str) -> None:
    with tenant.session() as session:
        session.execute(text(f"update properties set {change}"))
        session.commit()


@pytest.mark.case(26)
def test_impossible_values_are_refused(tenant: Tenant) -> None:
    fill(tenant)
    update_properties(tenant, "listing_price = -1 where year_built < 1957")
    answer = check(tenant)
    assert answer["decision"] == "skip"
    assert answer["reasons"][0].startswith("refused: 7 of 60 properties out of range (12%, limit 10%)")


def test_a_market_that_moved_is_told_but_does_not_decide(tenant: Tenant) -> None:
    fill(tenant)
    prepare(tenant)
    world = tenant.bucket.snapshots.load(VERSION).dataset
    files = as_bundle(knowing_twin(world, OLD, looks_at=("rating",)), world, tenant.tenant_id, snapshot_id=VERSION)
    tenant.bucket.models.publish(OLD, files)
    tenant.bucket.models.promote(OLD, "test", None)
    calm = check(tenant)
    assert calm["decision"] == "train"
    assert calm["drift"]["moved"] == []
    update_properties(tenant, "listing_price = listing_price * 3")
    moved = check(tenant)
    assert moved["decision"] == "train"
    assert moved["drift"]["moved"] == ["listing_price"]
    assert moved["reasons"][-1] == "moved since the live model learnt: listing_price"
    assert np.isfinite(moved["drift"]["inputs"]["listing_price"]["psi"])


def with_limit(tenant: Tenant, rows: int) -> Tenant:
    settings = tenant.stores.settings.model_copy(update={"large_tenant_rows": rows})
    return stores_over(settings, tenant.stores.database, tenant.stores.index).of(tenant.tenant_id)


def test_a_tenant_of_too_many_rows_is_left_to_a_job(tenant: Tenant) -> None:
    fill(tenant)
    rows = 60 + 100
    assert check(with_limit(tenant, rows))["decision"] == "train"
    answer = check(with_limit(tenant, rows - 1))
    assert (answer["decision"], answer["reasons"]) == ("large", ["more than 159 rows"])


def prepare_large(tenant: Tenant, **environment: str) -> "subprocess.CompletedProcess[str]":
    event = {"tenant_id": str(tenant.tenant_id), "version": VERSION, "execution": "run-1", "lookback_days": None}
    return processes.run(
        "-m", "functions.prepare.app", environment={"EVENT": json.dumps(event)} | environment, check=False
    )


def test_the_job_decides_and_freezes_and_both_steps_find_what_it_left(tenant: Tenant, postgres_urls: Urls) -> None:
    fill(tenant)
    done = prepare_large(tenant, PIPELINE_DATABASE_URL=postgres_urls.pipeline)
    assert done.returncode == 0, done.stderr
    answer = check(with_limit(tenant, 1))
    assert (answer["decision"], answer["counts"]["properties"]) == ("train", 60)
    frozen = tenant.bucket.snapshots.manifest(VERSION)
    assert prepare(tenant)["as_of"] == frozen["as_of"]


def test_a_job_that_cannot_reach_the_facts_says_so_and_leaves_nothing(tenant: Tenant) -> None:
    done = prepare_large(tenant, DATABASE_CONNECT_SECONDS="1")
    assert done.returncode == 1
    assert "DatabaseUnavailable" in done.stderr
    assert stored(tenant) == set()
