import random
from typing import Any
from uuid import uuid4

import pytest

from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.s3.twin_cache import TwinCache
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import ModelNotFound, RegistryUnavailable
from portfolio_twin.model.bundle.files import MANIFEST, TENSORS
from portfolio_twin.model.twin import Twin
from tests.fakes.metrics import Metrics
from tests.integration.fixtures.s3 import FIRST, SECOND, Failure, Outage, bundle

TTL_SECONDS = 30.0


class Reader:
    """Asks for the models of a tenant of which FIRST is live and SECOND published, by a clock of its own."""

    def __init__(self, stores: Stores, outage: Outage) -> None:
        self.stores, self.outage, self.now = stores, outage, 0.0
        self.models = TwinCache(stores.bucket, TTL_SECONDS, tenants=2, clock=lambda: self.now)
        self.tenant = served(stores, FIRST, SECOND)
        self.objects = self.tenant.bucket.objects

    def current(self, tenant: Tenant | None = None, *, fresh: bool = False) -> Twin:
        return self.models.current((tenant or self.tenant).tenant_id, fresh=fresh)

    def pass_the_ttl(self) -> None:
        self.now += 2 * TTL_SECONDS

    def promote_second(self) -> None:
        models = self.tenant.bucket.models
        models.promote(SECOND, "test", models.live())

    def put_file(self, version: str, name: str, data: bytes) -> None:
        self.objects.write(f"{self.tenant.tenant_id}/models/{version}/{name}", data)

    def spoil(self, broken: str) -> None:
        live = f"{self.tenant.tenant_id}/live.json"
        if broken == "missing pointer":
            connect().delete_object(Bucket=self.objects.bucket, Key=live)
        elif broken == "corrupt pointer":
            self.objects.write(live, b'{"version": ')
        elif broken == "pointer to nowhere":
            elsewhere = self.objects.read(live).replace(FIRST.encode(), b"20261231T020000Z-ffffffff")
            self.objects.write(live, elsewhere)
        elif broken == "bad bundle":
            self.promote_second()
            self.put_file(SECOND, TENSORS, b"not the weights")


def served(stores: Stores, *versions: str) -> Tenant:
    """A new tenant with these published and the first of them live."""
    new = stores.of(uuid4())
    for version in versions:
        new.bucket.models.publish(version, bundle(new.tenant_id, version))
    new.bucket.models.promote(versions[0], "test", None)
    return new


def counted(metrics: Metrics) -> list[str]:
    return [name for line in metrics() for name in ("Reloaded", "ReloadFailed") if name in line]


@pytest.fixture
def reader(stores: Stores, s3: Any) -> Reader:
    return Reader(stores, Outage(s3))


def test_the_live_model_is_loaded_once_and_kept(reader: Reader) -> None:
    twin = reader.current()
    reader.outage.failure = "unreachable"
    assert twin.version == FIRST
    assert reader.current() is twin


def test_an_unchanged_pointer_keeps_the_loaded_model(reader: Reader) -> None:
    twin = reader.current()
    reader.pass_the_ttl()
    assert reader.current() is twin


def test_a_promotion_is_seen_after_the_ttl_and_not_before(reader: Reader) -> None:
    reader.current()
    reader.promote_second()
    assert reader.current().version == FIRST
    reader.pass_the_ttl()
    assert reader.current().version == SECOND


@pytest.mark.case(15, 17)
@pytest.mark.parametrize("broken", ["missing pointer", "corrupt pointer", "pointer to nowhere", "bad bundle"])
def test_whatever_fails_on_reload_the_last_good_model_answers_and_it_is_counted(
    reader: Reader, metrics: Metrics, broken: str
) -> None:
    reader.current()
    reader.pass_the_ttl()
    reader.spoil(broken)
    assert reader.current().version == FIRST
    assert counted(metrics) == ["Reloaded", "ReloadFailed"]


@pytest.mark.case(17)
@pytest.mark.parametrize("failure", ["unreachable", "slow", "403", "503", "half a body"])
@pytest.mark.parametrize("of", ["live.json", SECOND])
def test_however_s3_fails_on_reload_the_last_good_model_answers_until_it_is_well(
    reader: Reader, metrics: Metrics, failure: Failure, of: str
) -> None:
    reader.current()
    reader.promote_second()
    reader.pass_the_ttl()
    reader.outage.failure, reader.outage.of = failure, of
    assert reader.current().version == FIRST
    assert counted(metrics) == ["Reloaded", "ReloadFailed"]
    reader.outage.failure = None
    reader.pass_the_ttl()
    assert reader.current().version == SECOND


@pytest.mark.case(17)
def test_a_bundle_that_s3_says_is_not_there_leaves_the_last_good_model(reader: Reader) -> None:
    reader.current()
    reader.promote_second()
    reader.pass_the_ttl()
    reader.outage.failure, reader.outage.of = "404", f"models/{SECOND}"
    assert reader.current().version == FIRST


def test_a_model_whose_pointer_and_bundle_have_gone_is_forgotten(reader: Reader) -> None:
    reader.current()
    for _ in reader.tenant.bucket.erase():
        pass
    reader.pass_the_ttl()
    with pytest.raises(ModelNotFound, match="any more"):
        reader.current()


def test_after_a_failed_reload_the_next_one_is_tried_again(reader: Reader) -> None:
    reader.current()
    reader.promote_second()
    failures: tuple[tuple[Failure | None, str], ...] = (("unreachable", FIRST), (None, SECOND))
    for failure, version in failures:
        reader.outage.failure = failure
        reader.pass_the_ttl()
        assert reader.current().version == version


@pytest.mark.case(17)
def test_a_cold_start_on_a_bad_bundle_answers_from_the_version_before(reader: Reader, metrics: Metrics) -> None:
    reader.spoil("bad bundle")
    assert reader.current().version == FIRST
    assert counted(metrics) == ["ReloadFailed", "Reloaded"]


def test_a_cold_start_recovers_when_the_live_bundle_is_whole_again(reader: Reader) -> None:
    reader.spoil("bad bundle")
    reader.current()
    reader.put_file(SECOND, TENSORS, bundle(reader.tenant.tenant_id, SECOND)[TENSORS])
    reader.pass_the_ttl()
    assert reader.current().version == SECOND


@pytest.mark.case(17)
@pytest.mark.parametrize("failure", ["slow", "403", "404", "503", "half a body"])
def test_a_cold_start_that_s3_keeps_the_live_bundle_from_answers_from_the_version_before(
    reader: Reader, failure: Failure
) -> None:
    reader.promote_second()
    reader.outage.failure, reader.outage.of = failure, SECOND
    assert reader.current().version == FIRST
    reader.outage.failure = None
    reader.pass_the_ttl()
    assert reader.current().version == SECOND


@pytest.mark.case(17)
def test_a_cold_start_without_anything_to_fall_back_to_is_unavailable(reader: Reader) -> None:
    with pytest.raises(ModelNotFound, match="no model yet"):
        reader.current(reader.stores.of(uuid4()))
    reader.outage.failure = "unreachable"
    with pytest.raises(RegistryUnavailable):
        reader.current()


def test_a_cold_start_with_every_bundle_bad_is_unavailable(reader: Reader) -> None:
    reader.spoil("bad bundle")
    reader.put_file(FIRST, MANIFEST, b"{}")
    with pytest.raises(ModelNotFound):
        reader.current()


def test_no_more_tenants_are_kept_than_fit_and_the_oldest_goes_first(reader: Reader) -> None:
    others = [served(reader.stores, FIRST), served(reader.stores, FIRST)]
    first = reader.current()
    kept = [reader.current(other) for other in others]
    assert [reader.current(other) for other in others] == kept
    assert reader.current() is not first


def test_another_tenants_bundle_under_this_tenants_name_is_refused(reader: Reader) -> None:
    thief = reader.stores.of(uuid4())
    thief.bucket.models.publish(FIRST, bundle(uuid4(), FIRST))
    thief.bucket.models.promote(FIRST, "test", None)
    with pytest.raises(ModelNotFound):
        reader.current(thief)


def test_who_writes_sees_a_promotion_at_once(reader: Reader) -> None:
    assert reader.current().version == FIRST
    reader.promote_second()
    assert reader.current().version == FIRST
    assert reader.current(fresh=True).version == SECOND
    reader.outage.failure = "unreachable"
    assert reader.current(fresh=True).version == SECOND  # the last good one


def test_instances_restored_from_one_snapshot_look_at_the_pointer_at_moments_of_their_own(reader: Reader) -> None:
    moments = set()
    for _ in range(2):
        random.seed(7)  # the state that a snapshot holds
        models = TwinCache(reader.stores.bucket, TTL_SECONDS, clock=lambda: 0.0)
        models.current(reader.tenant.tenant_id)
        moments.add(models._cache[reader.tenant.tenant_id].check_at)
    assert len(moments) == 2
