import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import ModelNotFound, RegistryUnavailable
from portfolio_twin.model.bundle import MANIFEST, TENSORS
from tests.integration.fixtures.s3 import FIRST, SECOND, Outage, bundle

TTL_SECONDS = 30.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_the_ttl(self) -> None:
        self.now += 2 * TTL_SECONDS


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def outage(s3: Any) -> Outage:
    return Outage(s3)


@pytest.fixture
def tenant(stores: Stores) -> Tenant:
    """One with FIRST live and SECOND published."""
    return served(stores, FIRST, SECOND)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The metrics of this test."""
    monkeypatch.delenv("POWERTOOLS_METRICS_DISABLED")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "test")

    def read() -> list[str]:
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
        return [name for line in lines for name in ("Reloaded", "ReloadFailed") if name in line]

    return read


@pytest.fixture
def models(stores: Stores, clock: Clock) -> LiveModels:
    return LiveModels(stores.bucket, TTL_SECONDS, tenants=2, clock=clock)


def served(stores: Stores, *versions: str) -> Tenant:
    """A new tenant with these published and the first of them live."""
    new = stores.of(uuid4())
    for version in versions:
        new.bucket.models.publish(version, bundle(new.tenant_id, version))
    new.bucket.models.promote(versions[0], "test", None)
    return new


def promote_second(tenant: Tenant) -> None:
    tenant.bucket.models.promote(SECOND, "test", tenant.bucket.models.live())


def test_the_live_model_is_loaded_once_and_kept(models: LiveModels, outage: Outage, tenant: Tenant) -> None:
    twin = models.current(tenant.tenant_id)
    outage.down = True
    assert twin.version == FIRST
    assert models.current(tenant.tenant_id) is twin


def test_an_unchanged_pointer_keeps_the_loaded_model(models: LiveModels, clock: Clock, tenant: Tenant) -> None:
    twin = models.current(tenant.tenant_id)
    clock.pass_the_ttl()
    assert models.current(tenant.tenant_id) is twin


def test_a_promotion_is_seen_after_the_ttl_and_not_before(
    models: LiveModels, outage: Outage, clock: Clock, tenant: Tenant
) -> None:
    models.current(tenant.tenant_id)
    promote_second(tenant)
    assert models.current(tenant.tenant_id).version == FIRST
    clock.pass_the_ttl()
    assert models.current(tenant.tenant_id).version == SECOND


@pytest.mark.parametrize("broken", ["s3", "missing pointer", "corrupt pointer", "pointer to nowhere", "bad bundle"])
def test_whatever_fails_on_reload_the_last_good_model_answers_and_it_is_counted(
    models: LiveModels, outage: Outage, clock: Clock, tenant: Tenant, counted: Callable[[], list[str]], broken: str
) -> None:
    models.current(tenant.tenant_id)
    clock.pass_the_ttl()
    outage.down = broken == "s3"
    spoil(tenant, broken)
    assert models.current(tenant.tenant_id).version == FIRST
    assert counted() == ["Reloaded", "ReloadFailed"]


def spoil(tenant: Tenant, broken: str) -> None:
    objects, live = tenant.bucket.objects, f"{tenant.tenant_id}/live.json"
    if broken == "missing pointer":
        connect().delete_object(Bucket=objects.bucket, Key=live)
    elif broken == "corrupt pointer":
        objects.write(live, b'{"version": ')
    elif broken == "pointer to nowhere":
        objects.write(live, objects.read(live).replace(FIRST.encode(), b"20261231T020000Z-ffffffff"))
    elif broken == "bad bundle":
        promote_second(tenant)
        put_file(tenant, SECOND, TENSORS, b"not the weights")


def put_file(tenant: Tenant, version: str, name: str, data: bytes) -> None:
    tenant.bucket.objects.write(f"{tenant.tenant_id}/models/{version}/{name}", data)


def test_after_a_failed_reload_the_next_one_is_tried_again(
    models: LiveModels, outage: Outage, clock: Clock, tenant: Tenant
) -> None:
    models.current(tenant.tenant_id)
    promote_second(tenant)
    for down, version in ((True, FIRST), (False, SECOND)):
        outage.down = down
        clock.pass_the_ttl()
        assert models.current(tenant.tenant_id).version == version


def test_a_cold_start_on_a_bad_bundle_answers_from_the_version_before(
    models: LiveModels, tenant: Tenant, counted: Callable[[], list[str]]
) -> None:
    spoil(tenant, "bad bundle")
    assert models.current(tenant.tenant_id).version == FIRST
    assert counted() == ["ReloadFailed", "Reloaded"]


def test_a_cold_start_recovers_when_the_live_bundle_is_whole_again(
    models: LiveModels, clock: Clock, tenant: Tenant
) -> None:
    spoil(tenant, "bad bundle")
    models.current(tenant.tenant_id)
    put_file(tenant, SECOND, TENSORS, bundle(tenant.tenant_id, SECOND)[TENSORS])
    clock.pass_the_ttl()
    assert models.current(tenant.tenant_id).version == SECOND


def test_a_cold_start_without_anything_to_fall_back_to_is_unavailable(
    models: LiveModels, outage: Outage, tenant: Tenant
) -> None:
    with pytest.raises(ModelNotFound, match="no model yet"):
        models.current(uuid4())
    outage.down = True
    with pytest.raises(RegistryUnavailable):
        models.current(tenant.tenant_id)


def test_a_cold_start_with_every_bundle_bad_is_unavailable(models: LiveModels, outage: Outage, tenant: Tenant) -> None:
    spoil(tenant, "bad bundle")
    put_file(tenant, FIRST, MANIFEST, b"{}")
    with pytest.raises(ModelNotFound):
        models.current(tenant.tenant_id)


def test_no_more_tenants_are_kept_than_fit_and_the_oldest_goes_first(
    models: LiveModels, stores: Stores, tenant: Tenant
) -> None:
    others = [served(stores, FIRST), served(stores, FIRST)]
    first = models.current(tenant.tenant_id)
    kept = [models.current(other.tenant_id) for other in others]
    assert [models.current(other.tenant_id) for other in others] == kept
    assert models.current(tenant.tenant_id) is not first


def test_another_tenants_bundle_under_this_tenants_name_is_refused(models: LiveModels, stores: Stores) -> None:
    thief = stores.of(uuid4())
    thief.bucket.models.publish(FIRST, bundle(uuid4(), FIRST))
    thief.bucket.models.promote(FIRST, "test", None)
    with pytest.raises(ModelNotFound):
        models.current(thief.tenant_id)


def test_who_writes_sees_a_promotion_at_once(models: LiveModels, outage: Outage, tenant: Tenant) -> None:
    assert models.current(tenant.tenant_id).version == FIRST
    promote_second(tenant)
    assert models.current(tenant.tenant_id).version == FIRST
    assert models.current(tenant.tenant_id, fresh=True).version == SECOND
    outage.down = True
    assert models.current(tenant.tenant_id, fresh=True).version == SECOND  # the last good one
