"""The facts stored and read back, on a real PostgreSQL."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from portfolio_twin.adapters.postgres import copy_reads
from portfolio_twin.adapters.postgres.database import Database, TenantSession
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository, Recorded
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.domain.interactions import KIND_CODE
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.errors import IdempotencyConflict, NotFound
from tests.integration.fixtures.database import HOUSE, NOON, add, counts, interaction, put, read


@pytest.fixture
def tenant(two_tenants: tuple[UUID, UUID], app_database: Database) -> UUID:
    """One with a house."""
    put(app_database, two_tenants[0])
    return two_tenants[0]


def house(session: TenantSession) -> PropertyFeatures:
    return PropertyRepository(session).get("house")


def confidences(database: Database, tenant: UUID) -> dict[str, float]:
    with database.tenant_session(tenant) as session:
        return {row.field: row.confidence for row in session.execute(text("select * from field_provenance"))}


def test_a_property_comes_back_as_it_was_put(app_database: Database, tenant: UUID) -> None:
    assert read(app_database, tenant, house) == HOUSE
    assert read(app_database, tenant, copy_reads.copy_catalogue).row(0) == HOUSE.model_dump(exclude_none=True)


def test_a_put_replaces_the_whole_property(app_database: Database, tenant: UUID) -> None:
    assert put(app_database, tenant, features=PropertyFeatures(bedrooms=2.0))
    assert read(app_database, tenant, house) == PropertyFeatures(bedrooms=2.0)


def test_the_same_put_again_changes_nothing(app_database: Database, tenant: UUID) -> None:
    moment = read(app_database, tenant, copy_reads.watermark)
    assert not put(app_database, tenant)
    assert len(read(app_database, tenant, partial(copy_reads.copy_catalogue, changed_since=moment))) == 0


def test_provenance_is_kept_for_the_fields_that_a_source_vouches_for(app_database: Database, tenant: UUID) -> None:
    assert confidences(app_database, tenant) == {}
    put(app_database, tenant, features=PropertyFeatures(bedrooms=2.0, lat=1.0, confidence=0.9, source_system="MLS"))
    assert confidences(app_database, tenant) == {"bedrooms": 0.9, "lat": 0.9}
    put(app_database, tenant, features=PropertyFeatures(bedrooms=2.0, confidence=0.9, source_system="MLS"))
    assert confidences(app_database, tenant) == {"bedrooms": 0.9}


def test_a_propertys_confidence_is_the_mean_of_its_provenance(app_database: Database, tenant: UUID) -> None:
    put(app_database, tenant, features=PropertyFeatures(bedrooms=2.0, lat=1.0, confidence=0.9))
    with app_database.tenant_session(tenant) as session:
        session.execute(text("update field_provenance set confidence = 0.4 where field = 'lat'"))
        assert PropertyRepository(session).get("house").confidence == (0.9 + 0.4) / 2
        assert copy_reads.copy_catalogue(session).columns["confidence"][0] == (0.9 + 0.4) / 2


def test_known_ids_are_told_from_unknown_ones(app_database: Database, tenant: UUID) -> None:
    with app_database.tenant_session(tenant) as session:
        assert PropertyRepository(session).existing(["house", "it's", "%s", ""]) == {"house"}
        with pytest.raises(NotFound):
            PropertyRepository(session).get("no")


def test_hostile_ids_and_texts_are_only_text(app_database: Database, tenant: UUID) -> None:
    name = "'; drop table properties; -- %s :x \\ \"\u2028 ünï"
    put(app_database, tenant, name, HOUSE.model_copy(update={"zipcode": name}))
    with app_database.tenant_session(tenant) as session:
        stored = copy_reads.copy_catalogue(session, after="!", until=name)
        assert stored.ids.tolist() == [name]
        assert stored.columns["zipcode"].tolist() == [name]


def test_a_catalogue_is_read_by_key_range_and_by_change(app_database: Database, tenant: UUID) -> None:
    for name in "abcdef":
        put(app_database, tenant, name, PropertyFeatures(bedrooms=1.0))
    with app_database.tenant_session(tenant) as session:
        bounds = copy_reads.property_bounds(session, 3)
        ranges = [(None, bounds[0]), (bounds[0], bounds[1]), (bounds[1], None)]
        parts = [copy_reads.copy_catalogue(session, after=a, until=u).ids.tolist() for a, u in ranges]
        moment = copy_reads.watermark(session)
    assert parts == [["a", "b", "c"], ["d", "e", "f"], ["house"]]
    put(app_database, tenant, "d", PropertyFeatures(bedrooms=2.0))
    with app_database.tenant_session(tenant) as session:
        assert copy_reads.copy_catalogue(session, changed_since=moment).ids.tolist() == ["d"]
        assert copy_reads.copy_catalogue(session, after="d", changed_since=moment).ids.tolist() == []


def test_an_interaction_is_stored_with_its_investor(app_database: Database, tenant: UUID) -> None:
    assert add(app_database, tenant) == Recorded("stored", NOON)
    log = read(app_database, tenant, copy_reads.copy_log)
    assert (log.users.tolist(), log.properties.tolist()) == ([7], ["house"])
    assert (log.kinds.tolist(), log.times.tolist()) == ([KIND_CODE["like"]], [int(NOON.timestamp())])


@pytest.mark.case(24)
def test_feedback_replayed_gets_the_same_answer_and_is_stored_once(app_database: Database, tenant: UUID) -> None:
    first = add(app_database, tenant, timed=False, idempotency_key="k")
    again = add(app_database, tenant, timed=False, idempotency_key="k", occurred_at=NOON + timedelta(minutes=1))
    assert (first.status, again.status) == ("stored", "replayed")
    assert again.occurred_at == first.occurred_at
    assert counts(app_database, tenant) == (1, 1)


@pytest.mark.case(24)
@pytest.mark.parametrize(
    "other",
    [{"kind": "dislike"}, {"user_id": 8}, {"occurred_at": NOON + timedelta(seconds=1)}],
    ids=["kind", "user", "time"],
)
def test_the_same_key_with_another_body_is_refused(app_database: Database, tenant: UUID, other: dict[str, Any]) -> None:
    add(app_database, tenant, idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        add(app_database, tenant, idempotency_key="k", **other)
    assert counts(app_database, tenant) == (1, 1)


def test_without_a_key_a_timed_event_is_known_by_its_content_and_a_thumb_is_always_new(
    app_database: Database, tenant: UUID
) -> None:
    assert [add(app_database, tenant).status for _ in range(2)] == ["stored", "replayed"]
    assert [add(app_database, tenant, timed=False).status for _ in range(2)] == ["stored", "stored"]
    assert counts(app_database, tenant) == (1, 3)


def test_many_at_once_have_one_outcome_each_in_order(app_database: Database, tenant: UUID) -> None:
    given = [
        interaction(idempotency_key="a"),
        interaction(property_id="gone"),
        interaction(idempotency_key="a", kind="deal"),
        interaction(user_id=8),
        interaction(idempotency_key="a"),
    ]
    with app_database.tenant_session(tenant) as session:
        stored, gone, conflict, other, again = InteractionRepository(session).add_all(given)
        session.commit()
    assert (stored, again, other) == (Recorded("stored", NOON), Recorded("replayed", NOON), Recorded("stored", NOON))
    assert isinstance(gone, NotFound)
    assert isinstance(conflict, IdempotencyConflict)
    assert counts(app_database, tenant) == (1, 2)


def test_the_log_is_read_by_investor_and_by_age(app_database: Database, tenant: UUID) -> None:
    now = datetime.now(UTC)
    for user, days in ((1, 3), (2, 2), (3, 1), (1, 0)):
        add(app_database, tenant, user_id=user, occurred_at=now - timedelta(days=days))
    with app_database.tenant_session(tenant) as session:
        assert copy_reads.copy_log(session).users.tolist() == [1, 2, 3, 1]
        assert copy_reads.copy_log(session, users=[1, 3, 99]).users.tolist() == [1, 3, 1]
        assert len(copy_reads.copy_log(session, users=[])) == 0
        assert copy_reads.user_ids(session, 1, 2) == [2]
        assert copy_reads.copy_log(session, lookback=timedelta(days=1.5)).users.tolist() == [3, 1]
        assert copy_reads.user_bounds(session, 2) == [2]


def test_the_watermark_misses_nothing_that_was_under_way(
    app_database: Database, pipeline_database: Database, tenant: UUID
) -> None:
    with app_database.tenant_session(tenant) as slow:
        time.sleep(0.01)
        moment = read(pipeline_database, tenant, copy_reads.watermark)
        InteractionRepository(slow).add(interaction())
        PropertyRepository(slow).put("late", HOUSE)
        slow.commit()
    with pipeline_database.tenant_session(tenant) as session:
        assert copy_reads.changed_users(session, moment) == [7]
        assert "late" in copy_reads.copy_catalogue(session, changed_since=moment).ids
        assert copy_reads.changed_users(session, copy_reads.watermark(session)) == []


def test_a_session_rolls_back_unless_it_is_told_to_commit(app_database: Database, tenant: UUID) -> None:
    with app_database.tenant_session(tenant) as session:
        InteractionRepository(session).add(interaction())
    assert counts(app_database, tenant) == (1, 0)


@pytest.mark.case(12)
def test_a_read_after_the_commit_or_after_the_end_raises(app_database: Database, tenant: UUID) -> None:
    with app_database.tenant_session(tenant) as session:
        session.commit()
        with pytest.raises(RuntimeError, match="this session has ended"):
            PropertyRepository(session).count()
        with pytest.raises(RuntimeError, match="this session has ended"):
            copy_reads.copy_log(session)
    with app_database.tenant_session(tenant) as session:
        pass
    with pytest.raises(RuntimeError, match="this session has ended"):
        PropertyRepository(session).count()
