from uuid import UUID, uuid4

import pytest

from portfolio_twin.adapters.s3.registry import Registry, lease_key
from tests.integration.fixtures.s3 import at_once, registry, server

__all__ = ["registry", "server"]  # pytest finds the fixtures by their names here


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


def test_a_lease_has_one_holder_who_may_renew_it(registry: Registry, tenant: UUID) -> None:
    assert registry.acquire_lease(tenant, "one", 60)
    assert not registry.acquire_lease(tenant, "other", 60)
    assert registry.acquire_lease(tenant, "one", 60)
    assert (registry.holds_lease(tenant, "one"), registry.holds_lease(tenant, "other")) == (True, False)


def test_a_lease_is_given_back_by_its_holder_alone(registry: Registry, tenant: UUID) -> None:
    registry.acquire_lease(tenant, "one", 60)
    registry.release_lease(tenant, "other")
    assert registry.holds_lease(tenant, "one")
    registry.release_lease(tenant, "one")
    assert not registry.holds_lease(tenant, "one")
    assert registry.acquire_lease(tenant, "other", 60)


def test_a_lease_that_ran_out_is_free_and_its_holder_has_lost_it(registry: Registry, tenant: UUID) -> None:
    registry.acquire_lease(tenant, "one", -1)
    assert not registry.holds_lease(tenant, "one")
    assert registry.acquire_lease(tenant, "other", 60)
    assert not registry.acquire_lease(tenant, "one", 60)
    registry.release_lease(tenant, "one")
    assert registry.holds_lease(tenant, "other")


def test_of_many_who_want_the_lease_at_once_one_gets_it(registry: Registry, tenant: UUID) -> None:
    calls = [lambda who=who: registry.acquire_lease(tenant, who, 60) for who in "abcdef"]
    assert sorted(at_once(*calls)) == [False] * 5 + [True]


def test_a_lease_that_cannot_be_read_is_free(registry: Registry, tenant: UUID) -> None:
    registry.write(lease_key(tenant), b"{torn")
    assert registry.acquire_lease(tenant, "one", 60)
