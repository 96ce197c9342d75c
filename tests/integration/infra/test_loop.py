"""`twin loop` beside a system that runs: what the machines left in S3, and what came since."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from infra.local.system import LocalSystem, local_system
from infra.local.twin import cli_models
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.domain.interactions import Interaction
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.services.tenants.add_tenant import TenantRequest, add_tenant

OLD, NEW = "20260101T020000Z-0123abcd", "20260108T020000Z-0123abcd"
F1 = {"value": 0.41, "limit": 0.6, "passed": False, "note": "look at the confusion matrix"}


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSystem]:
    for name in ("DATABASE_URL", "PIPELINE_DATABASE_URL", "OWNER_DATABASE_URL", "QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)  # its own stores, not those that the environment names
    monkeypatch.setattr(cli_models, "console", Console(record=True, width=120))
    with local_system(tmp_path) as running:
        yield running


def run(system: LocalSystem, execution: str, branch: dict[str, str], answer: dict[str, object] | None) -> None:
    """As a machine leaves it: the list, and where it came to its end the results."""
    runs = system.stores.bucket.machine_runs
    where = runs.write_list(execution, [{"tenant_id": str(uuid4())}, branch])
    if answer is not None:
        folder = f"{where['results']}{uuid4()}/"
        files = {"SUCCEEDED": [{"Key": f"{folder}SUCCEEDED_0.json"}]}
        output = json.dumps(answer | {"tenant_id": branch["tenant_id"]})
        runs._objects.write(f"{folder}SUCCEEDED_0.json", json.dumps([{"Input": "{}", "Output": output}]).encode())
        runs._objects.write(f"{folder}manifest.json", json.dumps({"ResultFiles": files}).encode())


def test_the_loop_tells_each_run_its_outcome_the_gates_that_failed_and_what_is_new(system: LocalSystem) -> None:
    tenant_id: UUID = add_tenant(system.stores, TenantRequest(name="acme", tenant_id=None)).tenant_id
    tenant = system.tenant(tenant_id)
    own = {"tenant_id": str(tenant_id), "entry": "retrain"}
    run(system, "broken-off", own | {"version": OLD}, None)
    run(system, "weekly", own | {"version": NEW}, {"outcome": "Rejected"})
    indexed = {"outcome": "Indexed", "mode": "changes", "properties": 7, "users": 2}
    run(system, "daily", {"tenant_id": str(tenant_id), "version": OLD}, indexed)
    run(system, "others", {"tenant_id": str(uuid4()), "entry": "retrain", "version": "somebody-elses"}, None)
    tenant.bucket.runs.write_verdict(NEW, "retrain", {"decision": "rejected", "gates": {"f1": F1}})
    at = datetime(2026, 1, 1, tzinfo=UTC).isoformat()
    stored = {"file": "properties.csv", "outcome": "stored", "rows": 1200, "stored": 1100, "at": at}
    tenant.bucket.put_files.write_report("properties.csv", stored)
    tenant.bucket.objects.write(keys.model(tenant_id, OLD) + "manifest.json", b"{}")
    tenant.bucket.models.promote(OLD, "weekly", None)
    with tenant.session() as session:
        PropertyRepository(session).put_all({"p": PropertyFeatures(bedrooms=3.0)}, {})
        for kind in ("like", "view"):
            event = Interaction(user_id=1, property_id="p", kind=kind, occurred_at=datetime.now(UTC))
            InteractionRepository(session).add(event)
        session.commit()

    cli_models.loop("acme", 10, system.state)

    shown = " ".join(cli_models.console.export_text().split())
    assert f"retrain {NEW} Rejected f1: 0.410 where 0.600 is asked; look at the confusion matrix" in shown
    assert f"retrain {OLD} did not end, or runs still" in shown
    assert f"reindex {OLD} Indexed changes: 7 properties, 2 investors" in shown
    assert "import properties.csv stored 1,100 new or changed of 1,200 rows" in shown
    assert f"live: {OLD}" in shown
    assert "interactions recorded since it was begun: 2 (1 view, 1 like)" in shown
    assert "somebody-elses" not in shown
