import pytest

from portfolio_twin.adapters.s3.leases import Lease
from portfolio_twin.adapters.tenant import Tenant
from tests.integration.fixtures.s3 import at_once


@pytest.fixture
def lease(tenant: Tenant) -> Lease:
    return tenant.bucket.lease


def test_a_lease_has_one_holder_who_may_renew_it(lease: Lease) -> None:
    assert lease.acquire("one", 60)
    assert not lease.acquire("other", 60)
    assert lease.acquire("one", 60)
    assert (lease.held_by("one"), lease.held_by("other")) == (True, False)


def test_a_lease_is_given_back_by_its_holder_alone(lease: Lease) -> None:
    lease.acquire("one", 60)
    lease.release("other")
    assert lease.held_by("one")
    lease.release("one")
    assert not lease.held_by("one")
    assert lease.acquire("other", 60)


def test_a_lease_that_ran_out_is_free_and_its_holder_has_lost_it(lease: Lease) -> None:
    lease.acquire("one", -1)
    assert not lease.held_by("one")
    assert lease.acquire("other", 60)
    assert not lease.acquire("one", 60)
    lease.release("one")
    assert lease.held_by("other")


@pytest.mark.case(30)
def test_of_many_who_want_the_lease_at_once_one_gets_it(lease: Lease) -> None:
    calls = [lambda who=who: lease.acquire(who, 60) for who in "abcdef"]
    assert sorted(at_once(*calls)) == [False] * 5 + [True]


def test_a_lease_that_cannot_be_read_is_free(tenant: Tenant) -> None:
    tenant.bucket.objects.write(f"{tenant.tenant_id}/lease.json", b"{torn")
    assert tenant.bucket.lease.acquire("one", 60)
