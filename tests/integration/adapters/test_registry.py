from typing import Any
from uuid import UUID, uuid4

import boto3
import pytest
from botocore.config import Config

from portfolio_twin import errors
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.model_registry import Live, ModelRegistry
from portfolio_twin.adapters.s3.objects import Unmodified
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.model.bundle.files import MANIFEST, unpack
from tests.integration.fixtures.s3 import FIRST, SECOND, THIRD, at_once, bundle


@pytest.fixture
def registry(tenant: Tenant) -> ModelRegistry:
    return tenant.bucket.models


def publish(registry: ModelRegistry, *versions: str) -> None:
    for version in versions:
        registry.publish(version, {MANIFEST: version.encode(), "weights": b"w"})


def test_a_published_bundle_comes_back_with_what_serving_reads(tenant: Tenant, registry: ModelRegistry) -> None:
    registry.publish(FIRST, bundle(tenant.tenant_id, FIRST))
    files = registry.fetch(FIRST)
    assert unpack(files, tenant.tenant_id, FIRST).version == FIRST
    assert "report.html" not in files


def test_a_version_is_published_once_and_for_all(tenant: Tenant, registry: ModelRegistry) -> None:
    publish(registry, FIRST, FIRST)
    with pytest.raises(errors.BundleRejected, match="already published"):
        registry.publish(FIRST, {MANIFEST: FIRST.encode(), "weights": b"other"})
    assert tenant.bucket.objects.read(f"{tenant.tenant_id}/models/{FIRST}/weights") == b"w"


def test_versions_are_listed_oldest_first_and_an_unfinished_one_is_not(tenant: Tenant, stores: Stores) -> None:
    publish(tenant.bucket.models, SECOND, FIRST)
    tenant.bucket.objects.write(f"{tenant.tenant_id}/models/{THIRD}/weights", b"w")
    assert tenant.bucket.models.versions() == [FIRST, SECOND]
    assert stores.of(uuid4()).bucket.models.versions() == []


def test_a_bundle_that_is_too_big_is_refused_before_it_is_downloaded(stores: Stores, s3: Any) -> None:
    small = Bucket(stores.bucket.name, s3, bundle_limit_bytes=10).of(uuid4()).models
    small.publish(FIRST, {MANIFEST: b"{}", "portfolio_twin.safetensors": b"123456789"})
    s3.meta.events.register("provide-client-params.s3.GetObject", lambda **_: pytest.fail("it was downloaded"))
    with pytest.raises(errors.BundleRejected, match="11 bytes"):
        small.fetch(FIRST)


def test_what_is_not_there_is_not_found(tenant: Tenant) -> None:
    registry, objects, key = tenant.bucket.models, tenant.bucket.objects, f"{tenant.tenant_id}/nowhere"
    assert registry.live() is None
    assert objects.find(key) is None
    with pytest.raises(errors.NotFound):
        objects.read(key)
    with pytest.raises(errors.ModelNotFound):
        registry.fetch(FIRST)
    with pytest.raises(errors.ModelNotFound):
        registry.promote(FIRST, "me", None)


@pytest.mark.parametrize("key", ["nowhere", f"{UUID(int=1)}/live.json", "{tenant}/../live.json", "uploads/live.json"])
def test_a_key_that_is_not_the_tenants_is_refused(tenant: Tenant, key: str) -> None:
    with pytest.raises(ValueError, match="does not lie below"):
        tenant.bucket.objects.find(key.format(tenant=tenant.tenant_id))


def test_promotion_moves_the_pointer_and_remembers_the_one_before(registry: ModelRegistry) -> None:
    publish(registry, FIRST, SECOND)
    first = registry.promote(FIRST, "me", None)
    second = registry.promote(SECOND, "you", first)
    assert registry.live() == second
    assert (second.version, second.previous, second.promoted_by) == (SECOND, FIRST, "you")


def test_promoting_what_is_live_keeps_the_one_before_reachable(registry: ModelRegistry) -> None:
    publish(registry, FIRST, SECOND)
    live = registry.promote(SECOND, "me", registry.promote(FIRST, "me", None))
    assert registry.promote(SECOND, "me", live).previous == FIRST


@pytest.mark.case(16)
def test_of_two_promotions_at_once_one_wins(registry: ModelRegistry) -> None:
    publish(registry, FIRST, SECOND, THIRD)
    live = registry.promote(FIRST, "me", None)
    results = at_once(lambda: registry.promote(SECOND, "one", live), lambda: registry.promote(THIRD, "other", live))
    winner = next(result for result in results if isinstance(result, Live))
    loser = next(result for result in results if not isinstance(result, Live))
    assert isinstance(loser, errors.PromotionConflict)
    assert registry.live() == winner


@pytest.mark.case(16)
def test_of_two_first_promotions_at_once_one_wins(registry: ModelRegistry) -> None:
    publish(registry, FIRST, SECOND)
    results = at_once(lambda: registry.promote(FIRST, "one", None), lambda: registry.promote(SECOND, "other", None))
    assert sorted(type(result).__name__ for result in results) == ["Live", "PromotionConflict"]


def test_a_write_whose_answer_got_lost_counts_as_done_when_it_is_tried_again(tenant: Tenant) -> None:
    objects, key = tenant.bucket.objects, f"{tenant.tenant_id}/live.json"
    assert objects.replace(key, b"1", None) == objects.replace(key, b"1", None)


@pytest.mark.case(17)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"version": 1, "promoted_at": "2026-11-01T00:00:00+00:00"}']
)
def test_a_corrupt_pointer_is_a_missing_model_and_not_a_crash(tenant: Tenant, body: bytes) -> None:
    tenant.bucket.objects.write(f"{tenant.tenant_id}/live.json", body)
    with pytest.raises(errors.ModelNotFound):
        tenant.bucket.models.live()


def test_the_pointer_is_sent_only_when_it_changed(registry: ModelRegistry) -> None:
    publish(registry, FIRST)
    live = registry.promote(FIRST, "me", None)
    with pytest.raises(Unmodified):
        registry.live_unless(live.etag)


def test_an_s3_that_does_not_answer_is_unavailable_and_unhealthy() -> None:
    config = Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1})
    nobody = Bucket("test-models", boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=config))
    of_nobody = nobody.of(uuid4())
    for call in (of_nobody.models.live, of_nobody.models.versions, lambda: of_nobody.lease.acquire("one", 60)):
        with pytest.raises(errors.RegistryUnavailable):
            call()
    assert not nobody.healthy()


def test_a_healthy_s3_says_so(stores: Stores) -> None:
    assert stores.bucket.healthy()
    assert not Bucket("no-such-bucket").healthy()
