import hashlib
import json
import pickle
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest

from portfolio_twin.adapters.s3.registry import Registry, models_prefix
from portfolio_twin.errors import BundleRejected, LeaseLost, ModelNotFound, PromotionConflict
from portfolio_twin.model.bundle import MANIFEST, TENSORS
from portfolio_twin.services.pipeline.deploy_model import deploy_model
from portfolio_twin.services.pipeline.promote_model import promote_model
from portfolio_twin.services.pipeline.verdicts import digest_of
from tests.integration.fixtures.index import Market, index, market
from tests.integration.fixtures.s3 import FIRST, SECOND, bundle, registry, server

__all__ = ["index", "market", "registry", "server"]  # pytest finds the fixtures by their names here

Files = dict[str, bytes]


@pytest.fixture
def tenant() -> UUID:
    return uuid4()


def passed(files: Files) -> bytes:
    """What EvaluateGates leaves for a bundle that it let pass."""
    return json.dumps({"decision": "passed", "manifest_sha256": digest_of(files.get(MANIFEST, b""))}).encode()


def deploy(registry: Registry, tenant: UUID, files: Files, verdict: bytes | None = None) -> dict[str, Any]:
    source = f"{tenant}/training/{FIRST}/"
    registry.write(source + "gates.json", passed(files) if verdict is None else verdict)
    for name, body in files.items():
        registry.write(source + name, body)
    return deploy_model(registry, tenant, FIRST, source=source, holder="run", lease_seconds=60)


def promote(market: Market, version: str = SECOND, holder: str = "run") -> dict[str, Any]:
    return promote_model(market.registry, market.database, market.index, market.tenant, version, holder)


def test_a_sound_bundle_is_published_without_what_its_manifest_does_not_list(registry: Registry, tenant: UUID) -> None:
    checkpoints = {"portfolio_twin_best.pt": pickle.dumps("a checkpoint")}
    answer = deploy(registry, tenant, bundle(tenant, FIRST) | checkpoints)
    assert answer == {"kind": "twin", "properties": 60, "users": 5}
    assert set(registry.files(models_prefix(tenant, FIRST))) == set(bundle(tenant, FIRST))


def test_deploying_twice_changes_nothing(registry: Registry, tenant: UUID) -> None:
    files = bundle(tenant, FIRST)
    assert deploy(registry, tenant, files) == deploy(registry, tenant, files)


def listing(files: Files, name: str, body: bytes) -> Files:
    """The files with this one put among them and into the manifest."""
    manifest = json.loads(files[MANIFEST])
    manifest["files"][name] = {"sha256": hashlib.sha256(body).hexdigest(), "size": len(body)}
    return files | {name: body, MANIFEST: json.dumps(manifest).encode()}


BAD: dict[str, Callable[[Files], Files]] = {
    "no manifest": lambda files: {name: body for name, body in files.items() if name != MANIFEST},
    "a report that is not the one listed": lambda files: files | {"report.html": b"<html>other"},
    "a listed file that is missing": lambda files: {n: body for n, body in files.items() if n != "report.html"},
    "a pickle for weights": lambda files: listing(files, TENSORS, pickle.dumps({"evil": print})),
    "a name that leads elsewhere": lambda files: listing(files, "../live.json", b"{}"),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bundle_that_fails_a_check_is_refused_and_nothing_is_published(
    registry: Registry, tenant: UUID, spoil: Callable[[Files], Files]
) -> None:
    with pytest.raises(BundleRejected):
        deploy(registry, tenant, spoil(bundle(tenant, FIRST)))
    assert registry.versions(tenant) == []


def test_a_bundle_changed_since_its_verdict_is_refused_and_nothing_is_published(
    registry: Registry, tenant: UUID
) -> None:
    first, other = bundle(tenant, FIRST), bundle(tenant, FIRST, seed=9)
    with pytest.raises(BundleRejected, match="changed since it was judged"):
        deploy(registry, tenant, other, passed(first))
    assert registry.versions(tenant) == []
    assert deploy(registry, tenant, first)["kind"] == "twin"


@pytest.mark.parametrize("verdict", [b"{torn", b"[]", b'{"decision": "rejected"}'])
def test_a_bundle_without_a_verdict_that_let_it_pass_is_refused(
    registry: Registry, tenant: UUID, verdict: bytes
) -> None:
    with pytest.raises(BundleRejected, match="no verdict"):
        deploy(registry, tenant, bundle(tenant, FIRST), verdict)
    assert registry.versions(tenant) == []


def test_a_run_that_lost_its_lease_deploys_nothing(registry: Registry, tenant: UUID) -> None:
    registry.acquire_lease(tenant, "another run", 60)
    with pytest.raises(LeaseLost):
        deploy(registry, tenant, bundle(tenant, FIRST))
    assert registry.versions(tenant) == []


def test_promotion_switches_catches_up_cleans_up_and_gives_the_lease_back(market: Market) -> None:
    market.registry.acquire_lease(market.tenant, "run", 60)
    for version in (FIRST, SECOND):
        market.reindex(version)
    market.registry.promote(market.tenant, FIRST, "test", None)
    market.put("listed meanwhile")
    market.act(7, "listed meanwhile")
    answer = promote(market)
    assert (answer["version"], answer["previous"]) == (SECOND, FIRST)
    assert answer["indexed"] == {"properties": 21, "users": 3}
    assert answer["caught_up"]["properties"] >= 1
    assert "listed meanwhile" in market.indexed(SECOND)
    assert not market.registry.holds_lease(market.tenant, "run")


def test_points_of_versions_neither_live_nor_previous_are_deleted(market: Market) -> None:
    third = "20261103T020000Z-00000003"
    market.registry.publish(market.tenant, third, bundle(market.tenant, third))
    live = None
    for version in (FIRST, SECOND):
        market.reindex(version)
        live = market.registry.promote(market.tenant, version, "test", live)
    market.reindex(third)
    market.registry.acquire_lease(market.tenant, "run", 60)
    promote(market, third)
    assert [market.index.count(market.tenant, v, "properties") for v in (FIRST, SECOND, third)] == [0, 20, 20]
    assert [market.index.count(market.tenant, v, "users") for v in (FIRST, SECOND, third)] == [0, 2, 2]


@pytest.mark.parametrize("holder", ["nobody", "another run"])
def test_a_run_that_lost_its_lease_promotes_nothing(market: Market, holder: str) -> None:
    market.reindex(SECOND)
    if holder != "nobody":
        market.registry.acquire_lease(market.tenant, holder, 60)
    with pytest.raises(LeaseLost):
        promote(market)
    assert market.registry.live(market.tenant) is None


def test_a_promoter_killed_after_the_switch_finishes_when_run_again(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.registry.acquire_lease(market.tenant, "run", 60)
    market.reindex(SECOND)
    with monkeypatch.context() as killing:
        killing.setattr(market.index, "delete_versions", killed)
        with pytest.raises(KeyboardInterrupt):
            promote(market)
    live = market.registry.live(market.tenant)
    assert live is not None
    assert promote(market)["promoted_at"] == live.promoted_at.isoformat()
    assert not market.registry.holds_lease(market.tenant, "run")


def killed(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_promoter_that_was_overtaken_leaves_the_other_promotion_alone(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    market.registry.acquire_lease(market.tenant, "run", 60)
    market.reindex(SECOND)
    holds_lease = market.registry.holds_lease

    def overtaken(tenant: UUID, holder: str) -> bool:
        market.registry.promote(market.tenant, FIRST, "somebody at a keyboard", None)
        return holds_lease(tenant, holder)

    monkeypatch.setattr(market.registry, "holds_lease", overtaken)
    with pytest.raises(PromotionConflict):
        promote(market)
    live = market.registry.live(market.tenant)
    assert live is not None
    assert live.version == FIRST


def test_a_version_that_was_never_published_is_not_promoted(market: Market) -> None:
    market.registry.acquire_lease(market.tenant, "run", 60)
    with pytest.raises(ModelNotFound):
        promote(market, "20261109T020000Z-00000009")
    assert market.registry.live(market.tenant) is None
