from uuid import UUID, uuid4

import pytest

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.adapters.s3.registry import live_key, models_prefix
from portfolio_twin.errors import ModelNotFound, RegistryUnavailable
from portfolio_twin.model.bundle import MANIFEST, TENSORS
from tests.integration.fixtures.s3 import FIRST, SECOND, FlakyRegistry, bundle, server

__all__ = ["server"]  # pytest finds the fixtures by their names here

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
def registry(server: S3Server) -> FlakyRegistry:
    return FlakyRegistry(server.bucket)


@pytest.fixture
def tenant(registry: FlakyRegistry) -> UUID:
    """One with FIRST live and SECOND published."""
    new = uuid4()
    for version in (FIRST, SECOND):
        registry.publish(new, version, bundle(new, version))
    registry.promote(new, FIRST, "test", None)
    return new


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The metrics."""
    made: list[str] = []
    monkeypatch.setattr(telemetry, "count", made.append)
    return made


@pytest.fixture
def models(registry: FlakyRegistry, clock: Clock) -> LiveModels:
    return LiveModels(registry, TTL_SECONDS, tenants=2, clock=clock)


def promote_second(registry: FlakyRegistry, tenant: UUID) -> None:
    registry.promote(tenant, SECOND, "test", registry.live(tenant))


def test_the_live_model_is_loaded_once_and_kept(models: LiveModels, registry: FlakyRegistry, tenant: UUID) -> None:
    twin = models.current(tenant)
    registry.down = True
    assert twin.version == FIRST
    assert models.current(tenant) is twin


def test_an_unchanged_pointer_keeps_the_loaded_model(models: LiveModels, clock: Clock, tenant: UUID) -> None:
    twin = models.current(tenant)
    clock.pass_the_ttl()
    assert models.current(tenant) is twin


def test_a_promotion_is_seen_after_the_ttl_and_not_before(
    models: LiveModels, registry: FlakyRegistry, clock: Clock, tenant: UUID
) -> None:
    models.current(tenant)
    promote_second(registry, tenant)
    assert models.current(tenant).version == FIRST
    clock.pass_the_ttl()
    assert models.current(tenant).version == SECOND


@pytest.mark.parametrize("broken", ["s3", "missing pointer", "corrupt pointer", "pointer to nowhere", "bad bundle"])
def test_whatever_fails_on_reload_the_last_good_model_answers_and_it_is_counted(
    models: LiveModels, registry: FlakyRegistry, clock: Clock, tenant: UUID, counted: list[str], broken: str
) -> None:
    models.current(tenant)
    clock.pass_the_ttl()
    registry.down = broken == "s3"
    spoil(registry, tenant, broken)
    assert models.current(tenant).version == FIRST
    assert counted == ["Reloaded", "ReloadFailed"]


def spoil(registry: FlakyRegistry, tenant: UUID, broken: str) -> None:
    if broken == "missing pointer":
        registry.delete(live_key(tenant))
    elif broken == "corrupt pointer":
        registry.write(live_key(tenant), b'{"version": ')
    elif broken == "pointer to nowhere":
        pointer = registry.read(live_key(tenant)).replace(FIRST.encode(), b"20261231T020000Z-ffffffff")
        registry.write(live_key(tenant), pointer)
    elif broken == "bad bundle":
        promote_second(registry, tenant)
        registry.write(models_prefix(tenant, SECOND) + TENSORS, b"not the weights")


def test_after_a_failed_reload_the_next_one_is_tried_again(
    models: LiveModels, registry: FlakyRegistry, clock: Clock, tenant: UUID
) -> None:
    models.current(tenant)
    promote_second(registry, tenant)
    for down, version in ((True, FIRST), (False, SECOND)):
        registry.down = down
        clock.pass_the_ttl()
        assert models.current(tenant).version == version


def test_a_cold_start_on_a_bad_bundle_answers_from_the_version_before(
    models: LiveModels, registry: FlakyRegistry, clock: Clock, tenant: UUID, counted: list[str]
) -> None:
    spoil(registry, tenant, "bad bundle")
    assert models.current(tenant).version == FIRST
    assert counted == ["ReloadFailed", "Reloaded"]


def test_a_cold_start_recovers_when_the_live_bundle_is_whole_again(
    models: LiveModels, registry: FlakyRegistry, clock: Clock, tenant: UUID
) -> None:
    spoil(registry, tenant, "bad bundle")
    models.current(tenant)
    registry.write(models_prefix(tenant, SECOND) + TENSORS, bundle(tenant, SECOND)[TENSORS])
    clock.pass_the_ttl()
    assert models.current(tenant).version == SECOND


def test_a_cold_start_without_anything_to_fall_back_to_is_unavailable(
    models: LiveModels, registry: FlakyRegistry, tenant: UUID
) -> None:
    with pytest.raises(ModelNotFound, match="no model yet"):
        models.current(uuid4())
    registry.down = True
    with pytest.raises(RegistryUnavailable):
        models.current(tenant)


def test_a_cold_start_with_every_bundle_bad_is_unavailable(
    models: LiveModels, registry: FlakyRegistry, tenant: UUID
) -> None:
    spoil(registry, tenant, "bad bundle")
    registry.write(models_prefix(tenant, FIRST) + MANIFEST, b"{}")
    with pytest.raises(ModelNotFound):
        models.current(tenant)


def test_no_more_tenants_are_kept_than_fit_and_the_oldest_goes_first(
    models: LiveModels, registry: FlakyRegistry, tenant: UUID
) -> None:
    others = [uuid4(), uuid4()]
    for other in others:
        registry.publish(other, FIRST, bundle(other, FIRST))
        registry.promote(other, FIRST, "test", None)
    first = models.current(tenant)
    kept = [models.current(other) for other in others]
    assert [models.current(other) for other in others] == kept
    assert models.current(tenant) is not first


def test_another_tenants_bundle_under_this_tenants_name_is_refused(models: LiveModels, registry: FlakyRegistry) -> None:
    thief, owner = uuid4(), uuid4()
    registry.publish(thief, FIRST, bundle(owner, FIRST))
    registry.promote(thief, FIRST, "test", None)
    with pytest.raises(ModelNotFound):
        models.current(thief)


def test_who_writes_sees_a_promotion_at_once(models: LiveModels, registry: FlakyRegistry, tenant: UUID) -> None:
    assert models.current(tenant).version == FIRST
    promote_second(registry, tenant)
    assert models.current(tenant).version == FIRST
    assert models.current(tenant, fresh=True).version == SECOND
    registry.down = True
    assert models.current(tenant, fresh=True).version == SECOND  # the last good one
