"""CheckData on a real PostgreSQL and S3: what it decides, what it tells, and that a skip leaves no trace."""

import json
from datetime import timedelta
from uuid import UUID

import numpy as np
from sqlalchemy import text

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.s3.snapshots import load_snapshot
from tests.integration.fixtures.data import (
    NOW,
    VERSION,
    add_events,
    add_properties,
    check,
    database,
    deals,
    prepare,
    stored,
    tenant,
)
from tests.integration.fixtures.gates import OLD, registry, s3
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

__all__ = ["database", "registry", "s3", "tenant"]  # pytest finds the fixtures by their names here


def test_enough_data_is_trained_on_and_the_report_is_kept(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    answer = check(registry, database, tenant)
    assert answer["decision"] == "train"
    assert answer["counts"] == {
        "properties": 60,
        "interactions": 100,
        "users": 20,
        "positives": 100,
        "testable_users": 20,
    }
    assert answer["drift"] is None
    report = json.loads(registry.read(f"{tenant}/training/{VERSION}/data_report.json"))
    assert report["null_shares"]["cap_rate"] == 1
    assert registry.holds_lease(tenant, "run-1")


def test_too_little_data_gets_the_content_model_when_nothing_is_live(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 3)
    answer = check(registry, database, tenant)
    assert answer["decision"] == "content"
    assert "3 properties, 50 needed" in answer["reasons"]


def test_too_little_data_beside_a_live_model_is_skipped_with_reasons_and_nothing_is_written(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 3)
    live = json.dumps({"version": "20260101T000000Z-00000000", "promoted_at": NOW.isoformat()}).encode()
    registry.write(f"{tenant}/live.json", live)
    answer = check(registry, database, tenant)
    assert answer["decision"] == "skip"
    assert answer["counts"]["properties"] == 3
    assert answer["reasons"][:2] == ["0 deals or likes, 100 needed", "3 properties, 50 needed"]
    assert stored(registry, tenant) == {"live.json", "lease.json"}


def test_a_tenant_with_nothing_at_all_is_skipped(registry: Registry, database: Database, tenant: UUID) -> None:
    assert check(registry, database, tenant)["decision"] == "skip"
    assert stored(registry, tenant) == {"lease.json"}


def test_another_runs_lease_ends_the_check_before_it_looks_at_anything(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    registry.acquire_lease(tenant, "somebody else", 60)
    answer = check(registry, database, tenant)
    assert (answer["decision"], answer["counts"]) == ("already_running", {})
    assert check(registry, database, tenant, holder="somebody else")["decision"] == "skip"  # a retry of one's own


def test_enough_future_dates_are_refused_and_a_few_are_left_out(
    registry: Registry, database: Database, tenant: UUID
) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    tomorrow = NOW + timedelta(days=1)
    add_events(database, tenant, [(1, "p1", "view", tomorrow)] * 2)
    few = check(registry, database, tenant)
    assert few["decision"] == "train"
    assert few["counts"]["bad_interactions_in_the_future"] == 2
    assert few["counts"]["interactions"] == 100
    add_events(database, tenant, [(2, f"p{i}", "view", tomorrow) for i in range(10)])
    many = check(registry, database, tenant)
    assert many["decision"] == "skip"
    assert many["reasons"][0].startswith("refused: 12 of 112 interactions in the future")


def test_impossible_values_are_refused(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    with database.tenant_session(tenant) as session:
        session.execute(text("update properties set listing_price = -1 where year_built < 1957"))
        session.commit()
    answer = check(registry, database, tenant)
    assert answer["decision"] == "skip"
    assert answer["reasons"][0].startswith("refused: 7 of 60 properties out of range (12%, limit 10%)")


def test_a_market_that_moved_is_told_but_does_not_decide(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    prepare(registry, database, tenant)
    learnt = load_snapshot(registry, tenant, VERSION)
    world = learnt.dataset
    registry.publish(
        tenant, OLD, as_bundle(knowing_twin(world, OLD, looks_at=("rating",)), world, tenant, snapshot_id=VERSION)
    )
    registry.promote(tenant, OLD, "test", None)
    calm = check(registry, database, tenant)
    assert calm["decision"] == "train"
    assert calm["drift"]["moved"] == []
    with database.tenant_session(tenant) as session:
        session.execute(text("update properties set listing_price = listing_price * 3"))
        session.commit()
    moved = check(registry, database, tenant)
    assert moved["decision"] == "train"
    assert moved["drift"]["moved"] == ["listing_price"]
    assert moved["reasons"][-1] == "moved since the live model learnt: listing_price"
    assert np.isfinite(moved["drift"]["inputs"]["listing_price"]["psi"])
