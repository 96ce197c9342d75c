"""The handlers as the state machine calls them: each gets the branch's state whole and adds its part."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.pipeline.check_data.app import lambda_handler as check_data
from functions.pipeline.evaluate_gates.app import lambda_handler as evaluate_gates
from functions.pipeline.prepare_data.app import lambda_handler as prepare_data
from functions.pipeline.promote_model.app import lambda_handler as promote_model
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.tenant import Stores, Tenant, stores_from_environment
from portfolio_twin.model.config import TrainingOptions
from portfolio_twin.settings import PipelineSettings, StepSettings
from tests.fakes.metrics import Metrics
from tests.integration.fixtures.data import VERSION, add_properties, fill
from tests.integration.fixtures.index import make_market
from tests.integration.fixtures.s3 import FIRST
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin


@pytest.fixture(autouse=True)
def warm_clients(monkeypatch: pytest.MonkeyPatch, stores: Stores, index: VectorIndex) -> None:
    """The handlers with the clients of `stores`."""
    stores.index = index
    for kind in (StepSettings, PipelineSettings):
        for name in ("bucket", "database", "index"):
            monkeypatch.setitem(vars(stores_from_environment(kind)), name, getattr(stores, name))


def branch(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant_id": str(tenant.tenant_id), "version": VERSION, "execution": "arn:run-1", "entry": "retrain",
        "source": f"{tenant.tenant_id}/training/{VERSION}/", "lookback_days": None,
        "training": TrainingOptions().as_texts(),
    }  # fmt: skip


def test_a_branch_goes_from_the_data_to_a_verdict(tenant: Tenant) -> None:
    fill(tenant)
    state = branch(tenant)
    state["check"] = check_data(state, None)
    assert state["check"]["decision"] == "train"
    state["snapshot"] = prepare_data(state, None)
    assert (state["snapshot"]["snapshot_id"], state["snapshot"]["model_kind"]) == (VERSION, "twin")
    dataset = tenant.bucket.snapshots.load(VERSION).dataset
    twin = knowing_twin(dataset, VERSION, looks_at=("rating",))
    for name, data in as_bundle(twin, dataset, tenant.tenant_id, VERSION).items():
        tenant.bucket.objects.write(state["source"] + name, data)
    verdict = evaluate_gates(state, None)
    assert verdict["decision"] == "rejected"  # one direction alone is no embedding
    assert any(reason.startswith("embedding_rank") for reason in verdict["reasons"])
    assert tenant.bucket.objects.find(state["source"] + "gates.json") is not None


def test_a_tenant_on_day_zero_is_prepared_for_the_content_model(tenant: Tenant) -> None:
    add_properties(tenant, 4)
    state = branch(tenant)
    state["check"] = check_data(state, None)
    assert prepare_data(state, None)["model_kind"] == "content"


def test_a_promotion_is_counted(stores: Stores, metrics: Metrics) -> None:
    market = make_market(stores)
    market.reindex()
    market.tenant.bucket.lease.acquire("run", 60)
    event = {"tenant_id": str(market.tenant.tenant_id), "version": FIRST, "execution": "run"}
    assert promote_model(event, None)["version"] == FIRST
    (line,) = metrics()
    assert (line["outcome"], line["tenant_id"]) == ("promoted", event["tenant_id"])


def test_a_branch_that_failed_is_counted_and_its_lease_given_back(tenant: Tenant, metrics: Metrics) -> None:
    tenant.bucket.lease.acquire("run", 60)
    event = {"release_only": True, "tenant_id": str(tenant.tenant_id), "execution": "run", "outcome": "Failed"}
    promote_model(event, None)
    (line,) = metrics()
    assert (line["outcome"], line["tenant_id"]) == ("failed", event["tenant_id"])
    assert not tenant.bucket.lease.held_by("run")
    assert promote_model(event | {"outcome": "Skipped"}, None) == {}


@pytest.mark.parametrize(("users", "decision", "days"), [(0, "skip", [21.0]), (20, "train", None)])
def test_a_skip_tells_how_old_the_live_model_is(
    tenant: Tenant, metrics: Metrics, users: int, decision: str, days: list[float] | None
) -> None:
    live = {"version": FIRST, "promoted_at": (datetime.now(UTC) - timedelta(days=21)).isoformat()}
    tenant.bucket.objects.write(f"{tenant.tenant_id}/live.json", json.dumps(live).encode())
    fill(tenant, users)
    assert check_data(branch(tenant), None)["decision"] == decision
    ages = [line["ModelAgeAtSkip"] for line in metrics() if "ModelAgeAtSkip" in line]
    assert ages == ([pytest.approx(days, abs=0.01)] if days else [])  # a quarter of an hour, on a busy machine
