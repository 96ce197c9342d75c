import hashlib
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.s3.bucket import Bucket, TenantBucket
from portfolio_twin.adapters.s3.objects import connect
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import BundleRejected, LeaseLost, ModelNotFound, NoPreviousVersion, PromotionConflict
from portfolio_twin.model.bundle.files import ATLAS, MANIFEST, TENSORS
from portfolio_twin.services.pipeline.deploy_model import deploy_model, digest_of
from portfolio_twin.services.pipeline.promote_model import promote_model, roll_back
from portfolio_twin.services.pipeline.run import Run
from tests.integration.fixtures.index import Market
from tests.integration.fixtures.s3 import FIRST, SECOND, bundle

Files = dict[str, bytes]


def passed(files: Files) -> bytes:
    """What EvaluateGates leaves for a bundle that it let pass."""
    return json.dumps({"decision": "passed", "manifest_sha256": digest_of(files.get(MANIFEST, b""))}).encode()


def deploy(tenant: Tenant, files: Files, verdict: bytes | None = None) -> dict[str, Any]:
    s3, source = connect(), f"{tenant.tenant_id}/training/{FIRST}/"  # its client, for no key of ours leads elsewhere
    for name, body in {**files, "gates.json": passed(files) if verdict is None else verdict}.items():
        s3.put_object(Bucket=tenant.stores.bucket.name, Key=source + name, Body=body)
    return deploy_model(Run(tenant, FIRST, execution="run"))


@pytest.fixture
def files(tenant: Tenant) -> Files:
    return bundle(tenant.tenant_id, FIRST)


@pytest.fixture
def bucket(market: Market) -> TenantBucket:
    """The market's, its lease held by the run."""
    market.tenant.bucket.lease.acquire("run", 60)
    return market.tenant.bucket


def test_a_sound_bundle_is_published_without_what_its_manifest_does_not_list(tenant: Tenant, files: Files) -> None:
    checkpoints = {"portfolio_twin_best.pt": pickle.dumps("a checkpoint")}
    answer = deploy(tenant, files | checkpoints)
    assert answer == {"kind": "twin", "properties": 60, "users": 5}
    assert set(tenant.bucket.objects.files(f"{tenant.tenant_id}/models/{FIRST}/")) == set(files)


def test_deploying_twice_changes_nothing(tenant: Tenant, files: Files) -> None:
    assert deploy(tenant, files) == deploy(tenant, files)


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
    "an atlas of other properties": lambda files: listing(files, ATLAS, files[TENSORS]),
    "a name that leads elsewhere": lambda files: listing(files, "../live.json", b"{}"),
}


@pytest.mark.parametrize("spoil", BAD.values(), ids=BAD.keys())
def test_a_bundle_that_fails_a_check_is_refused_and_nothing_is_published(
    tenant: Tenant, files: Files, spoil: Callable[[Files], Files]
) -> None:
    with pytest.raises(BundleRejected):
        deploy(tenant, spoil(files))
    assert tenant.bucket.models.versions() == []


def test_a_bundle_changed_since_its_verdict_is_refused_and_nothing_is_published(tenant: Tenant, files: Files) -> None:
    other = bundle(tenant.tenant_id, FIRST, seed=9)
    with pytest.raises(BundleRejected, match="changed since it was judged"):
        deploy(tenant, other, passed(files))
    assert tenant.bucket.models.versions() == []
    assert deploy(tenant, files)["kind"] == "twin"


@pytest.mark.parametrize("verdict", [b"{torn", b"[]", b'{"decision": "rejected"}'])
def test_a_bundle_without_a_verdict_that_let_it_pass_is_refused(tenant: Tenant, files: Files, verdict: bytes) -> None:
    with pytest.raises(BundleRejected, match="no verdict"):
        deploy(tenant, files, verdict)
    assert tenant.bucket.models.versions() == []


def test_a_run_that_lost_its_lease_deploys_nothing(tenant: Tenant, files: Files) -> None:
    tenant.bucket.lease.acquire("another run", 60)
    with pytest.raises(LeaseLost):
        deploy(tenant, files)
    assert tenant.bucket.models.versions() == []


def test_promotion_switches_catches_up_cleans_up_and_gives_the_lease_back(market: Market, bucket: TenantBucket) -> None:
    for version in (FIRST, SECOND):
        market.reindex(version)
    bucket.models.promote(FIRST, "test", None)
    market.put("listed meanwhile")
    market.act(7, "listed meanwhile")
    answer = promote_model(market.run(SECOND))
    assert (answer["version"], answer["previous"]) == (SECOND, FIRST)
    assert answer["indexed"] == {"properties": 21, "users": 3}
    assert answer["caught_up"]["properties"] >= 1
    assert "listed meanwhile" in market.indexed(SECOND)
    assert not bucket.lease.held_by("run")


@pytest.fixture
def promoted(market: Market, bucket: TenantBucket) -> Market:
    """The second version is live, the first one the version before."""
    for version in (FIRST, SECOND):
        market.reindex(version)
    bucket.models.promote(FIRST, "test", None)
    promote_model(market.run(SECOND))
    return market


def test_a_rollback_knows_what_was_written_since_the_promotion(promoted: Market) -> None:
    """What is written is indexed for the live version alone."""
    promoted.put("listed since")
    promoted.act(1, "p05", "dislike")
    with promoted.tenant.session() as session:
        PropertyRepository(session).delete("p19")
        session.commit()
    live = roll_back(promoted.tenant, "me")
    assert (live.version, live.previous, live.promoted_by) == (FIRST, SECOND, "me")
    assert {"listed since", "p19"} & set(promoted.indexed(FIRST)) == {"listed since"}
    investor = promoted.index(FIRST).get_user(1)
    assert investor is not None
    assert set(investor.acted_on) == {"p01", "p05"}


@pytest.mark.case(16)
def test_readers_see_the_older_version_only_when_it_has_caught_up(promoted: Market, s3: Any) -> None:
    promoted.put("listed since")
    indexed: list[bool] = []

    def switching(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].endswith("/live.json"):
            indexed.append("listed since" in promoted.indexed(FIRST))
            promoted.put("listed in that moment")

    s3.meta.events.register("provide-client-params.s3.PutObject", switching)
    roll_back(promoted.tenant, "me")
    s3.meta.events.unregister("provide-client-params.s3.PutObject", switching)
    assert indexed == [True]
    assert "listed in that moment" in promoted.indexed(FIRST)


def test_rolling_back_twice_ends_where_it_began(promoted: Market) -> None:
    roll_back(promoted.tenant, "me")
    live = roll_back(promoted.tenant, "me")
    assert (live.version, live.previous) == (SECOND, FIRST)


@pytest.mark.case(18)
@pytest.mark.parametrize("version", [None, FIRST])
def test_a_rollback_without_a_previous_version_says_so(market: Market, version: str | None) -> None:
    if version:
        market.tenant.bucket.models.promote(version, "me", None)
    with pytest.raises(NoPreviousVersion, match="no previous version"):
        roll_back(market.tenant, "me")


def test_points_of_versions_neither_live_nor_previous_are_deleted(market: Market, bucket: TenantBucket) -> None:
    third = "20261103T020000Z-00000003"
    bucket.models.publish(third, bundle(market.tenant.tenant_id, third))
    live = None
    for version in (FIRST, SECOND):
        market.reindex(version)
        live = bucket.models.promote(version, "test", live)
    market.reindex(third)
    promote_model(market.run(third))
    assert [market.index(v).count("properties") for v in (FIRST, SECOND, third)] == [0, 20, 20]
    assert [market.index(v).count("users") for v in (FIRST, SECOND, third)] == [0, 2, 2]


@pytest.mark.parametrize("holder", ["nobody", "another run"])
def test_a_run_that_lost_its_lease_promotes_nothing(market: Market, holder: str) -> None:
    market.reindex(SECOND)
    if holder != "nobody":
        market.tenant.bucket.lease.acquire(holder, 60)
    with pytest.raises(LeaseLost):
        promote_model(market.run(SECOND))
    assert market.tenant.bucket.models.live() is None


@pytest.mark.case(16)
def test_a_promoter_killed_after_the_switch_finishes_when_run_again(
    market: Market, bucket: TenantBucket, s3: Any
) -> None:
    market.reindex(SECOND)

    def killed(params: dict[str, Any], **_: Any) -> None:
        if "/index/" in params["Key"] and bucket.models.live():  # it begins to catch up with what came in that moment
            raise KeyboardInterrupt

    s3.meta.events.register("provide-client-params.s3.GetObject", killed)
    with pytest.raises(KeyboardInterrupt):
        promote_model(market.run(SECOND))
    s3.meta.events.unregister("provide-client-params.s3.GetObject", killed)
    switched = bucket.models.live()
    assert switched is not None
    assert promote_model(market.run(SECOND))["promoted_at"] == switched.promoted_at.isoformat()
    assert not bucket.lease.held_by("run")


def test_a_promoter_that_was_overtaken_leaves_the_other_promotion_alone(
    market: Market, bucket: TenantBucket, s3: Any
) -> None:
    market.reindex(SECOND)

    def overtaken(params: dict[str, Any], **_: Any) -> None:
        if params["Key"].endswith("/live.json"):
            other = Bucket(bucket.objects.bucket).of(market.tenant.tenant_id)
            other.models.promote(FIRST, "somebody at a keyboard", None)

    s3.meta.events.register("provide-client-params.s3.PutObject", overtaken)
    with pytest.raises(PromotionConflict):
        promote_model(market.run(SECOND))
    live = bucket.models.live()
    assert live is not None
    assert live.version == FIRST


def test_a_version_that_was_never_published_is_not_promoted(market: Market, bucket: TenantBucket) -> None:
    with pytest.raises(ModelNotFound):
        promote_model(market.run("20261109T020000Z-00000009"))
    assert bucket.models.live() is None
