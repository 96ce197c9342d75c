"""PrepareData on a real PostgreSQL and S3: what it freezes is the data, once, and another tenant's never."""

import hashlib
import json
from datetime import UTC, datetime, timedelta

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.split import TEST, training_log
from tests.integration.fixtures.data import NOW, VERSION, add_events, add_properties, check, deals, fill, prepare
from tests.integration.fixtures.database import make_tenant


def files_in(tenant: Tenant, prefix: str) -> dict[str, bytes]:
    objects = tenant.bucket.objects
    return {name: objects.read(prefix + name) for name in objects.files(prefix)}


def test_a_snapshot_is_the_data_unchanged_with_digests_and_a_holdout(tenant: Tenant) -> None:
    fill(tenant)
    answer = prepare(tenant)
    assert answer["prefix"] == f"{tenant.tenant_id}/snapshots/{VERSION}/"
    files = files_in(tenant, answer["prefix"])
    manifest = json.loads(files["manifest.json"])
    for name, entry in manifest["files"].items():
        assert (entry["size"], entry["sha256"]) == (len(files[name]), hashlib.sha256(files[name]).hexdigest())
    assert manifest["data_window"][1] == (NOW - timedelta(days=30)).isoformat()
    snapshot = tenant.bucket.snapshots.load(VERSION)
    first = snapshot.catalogue.row(snapshot.catalogue.ids.tolist().index("p3"))
    assert first["attributes"] == {"lot_code": "0003", "rating": 3 / 7, "note": 'line\u2028one, "two"\nthree'}
    assert (first["renovation_needed"], first["year_built"], first["zipcode"]) == (False, 1953, "01220")
    assert len(snapshot.holdout.targets(TEST)) == 20
    assert len(training_log(snapshot.log, snapshot.holdout)) == 100 - 40


def test_preparing_again_gives_the_frozen_snapshot_though_the_data_went_on(tenant: Tenant) -> None:
    fill(tenant, 5)
    first = prepare(tenant)
    before = files_in(tenant, first["prefix"])
    add_events(tenant, deals(9, 5))
    assert prepare(tenant, now=NOW + timedelta(hours=1), seed=7) == first
    assert files_in(tenant, first["prefix"]) == before


def test_a_snapshot_broken_off_before_its_manifest_is_made_anew_and_byte_for_byte(tenant: Tenant) -> None:
    fill(tenant)
    before = files_in(tenant, prepare(tenant)["prefix"])
    other = f"{tenant.tenant_id}/snapshots/other/"
    tenant.bucket.objects.write(other + "properties.csv.gz", b"half")
    prepare(tenant, version="other")
    after = files_in(tenant, other)
    assert all(after[name] == before[name] for name in before if name != "manifest.json")


def test_looking_back_a_few_days_leaves_older_interactions_out(tenant: Tenant) -> None:
    add_properties(tenant, 60)
    today = datetime.now(UTC)
    add_events(tenant, [(1, f"p{i}", "deal", today - timedelta(days=i)) for i in range(50)])
    assert check(tenant, lookback_days=10, now=today)["counts"]["interactions"] == 10
    assert prepare(tenant, lookback_days=10, now=today)["counts"]["interactions"] == 10


def test_faulty_rows_are_not_frozen(tenant: Tenant) -> None:
    add_properties(tenant, 60)
    event = (1, "p1", "deal", NOW - timedelta(days=1))
    add_events(tenant, [event, event, (1, "p2", "deal", NOW + timedelta(days=1))])
    counts = prepare(tenant)["counts"]
    assert (counts["interactions"], counts["left_out_interactions"]) == (1, 2)


def test_one_tenants_data_never_enters_anothers_snapshot(tenant: Tenant) -> None:
    add_properties(tenant, 5)
    other = tenant.stores.of(make_tenant(tenant.stores.database))
    assert check(other)["counts"]["properties"] == 0
    assert prepare(other, model_kind="content")["counts"]["properties"] == 0
