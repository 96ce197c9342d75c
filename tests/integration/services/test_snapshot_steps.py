"""PrepareData on a real PostgreSQL and S3: what it freezes is the data, once, and another tenant's never."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.s3.snapshots import load_snapshot
from portfolio_twin.domain.split import TEST, training_log
from portfolio_twin.services.pipeline.prepare_data import prepare_data
from tests.integration.fixtures.data import (
    NOW,
    VERSION,
    add_events,
    add_properties,
    check,
    database,
    deals,
    prepare,
    tenant,
)
from tests.integration.fixtures.gates import registry, s3

__all__ = ["database", "registry", "s3", "tenant"]  # pytest finds the fixtures by their names here


def test_a_snapshot_is_the_data_unchanged_with_digests_and_a_holdout(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    answer = prepare(registry, database, tenant)
    assert answer["prefix"] == f"{tenant}/snapshots/{VERSION}/"
    manifest = json.loads(registry.read(answer["prefix"] + "manifest.json"))
    for name, said in manifest["files"].items():
        data = registry.read(answer["prefix"] + name)
        assert (said["size"], said["sha256"]) == (len(data), hashlib.sha256(data).hexdigest())
    assert manifest["data_window"][1] == (NOW - timedelta(days=30)).isoformat()
    snapshot = load_snapshot(registry, tenant, VERSION)
    first = snapshot.catalogue.row(snapshot.catalogue.ids.tolist().index("p3"))
    assert first["attributes"] == {"lot_code": "0003", "rating": 3 / 7, "note": 'line\u2028one, "two"\nthree'}
    assert (first["renovation_needed"], first["year_built"], first["zipcode"]) == (False, 1953, "01220")
    assert len(snapshot.holdout.targets(TEST)) == 20
    assert len(training_log(snapshot.log, snapshot.holdout)) == 100 - 40


def test_preparing_again_gives_the_frozen_snapshot_though_the_data_went_on(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(5, 5))
    first = prepare(registry, database, tenant)
    before = {name: registry.read(first["prefix"] + name) for name in registry.files(first["prefix"])}
    add_events(database, tenant, deals(9, 5))
    assert prepare(registry, database, tenant, now=NOW + timedelta(hours=1), seed=7) == first
    assert {name: registry.read(first["prefix"] + name) for name in registry.files(first["prefix"])} == before


def test_a_snapshot_broken_off_before_its_manifest_is_made_anew_and_byte_for_byte(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    prefix = prepare(registry, database, tenant)["prefix"]
    before = {name: registry.read(prefix + name) for name in registry.files(prefix)}
    other = f"{tenant}/snapshots/other/"
    registry.write(other + "properties.csv.gz", b"half")
    prepare_data(registry, database, tenant, "other", model_kind="twin", lookback_days=None, seed=0, now=NOW)
    assert all(registry.read(other + name) == before[name] for name in before if name != "manifest.json")


def test_looking_back_a_few_days_leaves_older_interactions_out(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 60)
    today = datetime.now(UTC)
    add_events(database, tenant, [(1, f"p{i}", "deal", today - timedelta(days=i)) for i in range(50)])
    assert check(registry, database, tenant, lookback_days=10, now=today)["counts"]["interactions"] == 10
    assert prepare(registry, database, tenant, lookback_days=10, now=today)["counts"]["interactions"] == 10


def test_faulty_rows_are_not_frozen(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 60)
    event = (1, "p1", "deal", NOW - timedelta(days=1))
    add_events(database, tenant, [event, event, (1, "p2", "deal", NOW + timedelta(days=1))])
    counts = prepare(registry, database, tenant)["counts"]
    assert (counts["interactions"], counts["left_out_interactions"]) == (1, 2)


def test_one_tenants_data_never_enters_anothers_snapshot(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 5)
    other = uuid4()
    assert check(registry, database, other)["counts"]["properties"] == 0
    assert prepare(registry, database, other, model_kind="content")["counts"]["properties"] == 0
