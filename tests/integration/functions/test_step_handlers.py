"""The three handlers as the state machine calls them: each gets the branch's state whole and adds its part."""

from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from functions.pipeline.check_data.app import lambda_handler as check_data
from functions.pipeline.evaluate_gates.app import lambda_handler as evaluate_gates
from functions.pipeline.prepare_data.app import lambda_handler as prepare_data
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.s3.snapshots import load_snapshot
from portfolio_twin.entrypoints import step as steps
from tests.integration.fixtures.data import VERSION, add_events, add_properties, database, deals, tenant
from tests.integration.fixtures.gates import registry, s3
from tests.integration.fixtures.taste_world import as_bundle, knowing_twin

__all__ = ["database", "registry", "s3", "tenant"]  # pytest finds the fixtures by their names here


@pytest.fixture(autouse=True)
def warm_clients(monkeypatch: pytest.MonkeyPatch, registry: Registry, database: Database) -> None:
    monkeypatch.setattr(steps, "registry", lambda: registry)
    monkeypatch.setattr(steps, "database", lambda: database)
    monkeypatch.setattr(steps, "settings", lambda: SimpleNamespace(lease_seconds=60))


def branch(tenant: UUID) -> dict[str, Any]:
    return {
        "tenant_id": str(tenant), "version": VERSION, "execution": "arn:run-1", "entry": "retrain",
        "source": f"{tenant}/training/{VERSION}/", "lookback_days": None,
        "training": {"epochs": "", "batch_size": "", "learning_rate": "", "seed": ""},
    }  # fmt: skip


def test_a_branch_goes_from_the_data_to_a_verdict(registry: Registry, database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 60)
    add_events(database, tenant, deals(20, 5))
    state = branch(tenant)
    state["check"] = check_data(state, None)
    assert state["check"]["decision"] == "train"
    state["snapshot"] = prepare_data(state, None)
    assert (state["snapshot"]["snapshot_id"], state["snapshot"]["model_kind"]) == (VERSION, "twin")
    snapshot = load_snapshot(registry, tenant, VERSION)
    world = snapshot.dataset
    for name, data in as_bundle(knowing_twin(world, VERSION, looks_at=("rating",)), world, tenant, VERSION).items():
        registry.write(state["source"] + name, data)
    verdict = evaluate_gates(state, None)
    assert verdict["decision"] == "rejected"  # one direction alone is no embedding
    assert any(reason.startswith("embedding_rank") for reason in verdict["reasons"])
    assert registry.find(state["source"] + "gates.json") is not None


def test_a_tenant_on_day_zero_is_prepared_for_the_content_model(database: Database, tenant: UUID) -> None:
    add_properties(database, tenant, 4)
    state = branch(tenant)
    state["check"] = check_data(state, None)
    assert prepare_data(state, None)["model_kind"] == "content"
