from uuid import UUID, uuid4

import boto3
import pytest
from botocore.config import Config

from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.s3.objects import Unmodified
from portfolio_twin.adapters.s3.registry import Live, Registry, live_key, models_prefix
from portfolio_twin.errors import (
    BundleRejected,
    ModelNotFound,
    NoPreviousVersion,
    NotFound,
    PromotionConflict,
    RegistryUnavailable,
)
from portfolio_twin.model.bundle import MANIFEST, unpack
from tests.integration.fixtures.s3 import FIRST, SECOND, THIRD, at_once, bundle, registry, server

__all__ = ["registry", "server"]  # pytest finds the fixtures by their names here


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


def publish(registry: Registry, tenant: UUID, *versions: str) -> None:
    for version in versions:
        registry.publish(tenant, version, {MANIFEST: version.encode(), "weights": b"w"})


def test_a_published_bundle_comes_back_with_what_serving_reads(registry: Registry, tenant: UUID) -> None:
    registry.publish(tenant, FIRST, bundle(tenant, FIRST))
    files = registry.fetch_bundle(tenant, FIRST)
    assert unpack(files, tenant, FIRST).version == FIRST
    assert "report.html" not in files


def test_a_version_is_published_once_and_for_all(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, FIRST)
    with pytest.raises(BundleRejected, match="already published"):
        registry.publish(tenant, FIRST, {MANIFEST: FIRST.encode(), "weights": b"other"})
    assert registry.read(models_prefix(tenant, FIRST) + "weights") == b"w"


def test_versions_are_listed_oldest_first_and_an_unfinished_one_is_not(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, SECOND, FIRST)
    registry.write(models_prefix(tenant, THIRD) + "weights", b"w")
    assert registry.versions(tenant) == [FIRST, SECOND]
    assert registry.versions(uuid4()) == []


def test_a_bundle_that_is_too_big_is_refused_before_it_is_downloaded(server: S3Server, tenant: UUID) -> None:
    small = Registry(server.bucket, bundle_limit_bytes=10)
    small.publish(tenant, FIRST, {MANIFEST: b"{}", "portfolio_twin.safetensors": b"123456789"})
    small.read = lambda key: pytest.fail(f"{key} was downloaded")  # type: ignore[method-assign]  # to see that it is not
    with pytest.raises(BundleRejected, match="11 bytes"):
        small.fetch_bundle(tenant, FIRST)


def test_what_is_not_there_is_not_found(registry: Registry, tenant: UUID) -> None:
    assert registry.live(tenant) is None
    assert registry.find("nowhere") is None
    with pytest.raises(NotFound):
        registry.read("nowhere")
    with pytest.raises(ModelNotFound):
        registry.fetch_bundle(tenant, FIRST)
    with pytest.raises(ModelNotFound):
        registry.promote(tenant, FIRST, "me", None)


def test_promotion_moves_the_pointer_and_remembers_the_one_before(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, SECOND)
    first = registry.promote(tenant, FIRST, "me", None)
    second = registry.promote(tenant, SECOND, "you", first)
    assert registry.live(tenant) == second
    assert (second.version, second.previous, second.promoted_by) == (SECOND, FIRST, "you")


def test_promoting_what_is_live_keeps_the_one_before_reachable(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, SECOND)
    live = registry.promote(tenant, SECOND, "me", registry.promote(tenant, FIRST, "me", None))
    assert registry.promote(tenant, SECOND, "me", live).previous == FIRST


def test_of_two_promotions_at_once_one_wins(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, SECOND, THIRD)
    live = registry.promote(tenant, FIRST, "me", None)
    results = at_once(
        lambda: registry.promote(tenant, SECOND, "one", live), lambda: registry.promote(tenant, THIRD, "other", live)
    )
    winner = next(result for result in results if isinstance(result, Live))
    loser = next(result for result in results if not isinstance(result, Live))
    assert isinstance(loser, PromotionConflict)
    assert registry.live(tenant) == winner


def test_of_two_first_promotions_at_once_one_wins(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, SECOND)
    results = at_once(
        lambda: registry.promote(tenant, FIRST, "one", None), lambda: registry.promote(tenant, SECOND, "other", None)
    )
    assert sorted(type(result).__name__ for result in results) == ["Live", "PromotionConflict"]


def test_a_write_whose_answer_got_lost_counts_as_done_when_it_is_tried_again(registry: Registry, tenant: UUID) -> None:
    etag = registry.replace(live_key(tenant), b"1", None)
    assert registry.replace(live_key(tenant), b"1", None) == etag


def test_rollback_goes_back_and_forth(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST, SECOND)
    registry.promote(tenant, SECOND, "me", registry.promote(tenant, FIRST, "me", None))
    back = registry.rollback(tenant, "me")
    assert (back.version, back.previous) == (FIRST, SECOND)
    assert registry.rollback(tenant, "me").version == SECOND


@pytest.mark.parametrize("promoted", [[], [FIRST]])
def test_rollback_without_a_previous_version_says_so(registry: Registry, tenant: UUID, promoted: list[str]) -> None:
    publish(registry, tenant, *promoted)
    for version in promoted:
        registry.promote(tenant, version, "me", None)
    with pytest.raises(NoPreviousVersion, match="no previous version"):
        registry.rollback(tenant, "me")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'"x"', b"{}", b'{"version": 1, "promoted_at": "2026-11-01T00:00:00+00:00"}']
)
def test_a_corrupt_pointer_is_a_missing_model_and_not_a_crash(registry: Registry, tenant: UUID, body: bytes) -> None:
    registry.write(live_key(tenant), body)
    with pytest.raises(ModelNotFound):
        registry.live(tenant)


def test_the_pointer_is_sent_only_when_it_changed(registry: Registry, tenant: UUID) -> None:
    publish(registry, tenant, FIRST)
    live = registry.promote(tenant, FIRST, "me", None)
    with pytest.raises(Unmodified):
        registry.find(live_key(tenant), unless=live.etag)


def test_an_s3_that_does_not_answer_is_unavailable_and_unhealthy(tenant: UUID) -> None:
    config = Config(connect_timeout=0.2, read_timeout=0.2, retries={"total_max_attempts": 1})
    nobody = Registry("test-models", boto3.client("s3", endpoint_url="http://127.0.0.1:9", config=config))
    for call in (nobody.live, nobody.versions, lambda t: nobody.acquire_lease(t, "one", 60)):
        with pytest.raises(RegistryUnavailable):
            call(tenant)
    assert not nobody.healthy()


def test_a_healthy_s3_says_so(registry: Registry) -> None:
    assert registry.healthy()
    assert not Registry("no-such-bucket").healthy()
