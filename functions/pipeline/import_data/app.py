"""Import: what was put under imports/ into PostgreSQL; and ReleaseLease, for branches that end without it."""

from typing import Any
from uuid import UUID

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.imports.import_run import ImportRun
from portfolio_twin.services.imports.run_import import run_import
from portfolio_twin.settings import ImportSettings


@step(ImportSettings)
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    if event.get("release_only"):
        stores.of(UUID(event["tenant_id"])).bucket.import_lease.release(event["execution"])
        return {"decision": "failed"}
    return run_import(ImportRun.of(stores, event))
