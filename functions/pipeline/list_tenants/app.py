"""ListTenants: which tenants and versions this run is about."""

from datetime import UTC, datetime
from typing import Any

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.list_tenants import list_for_reindex, list_for_retrain


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    if event["purpose"] == "reindex":
        return list_for_reindex(steps.database(), steps.registry(), event["input"])
    return list_for_retrain(steps.database(), event["input"], datetime.now(UTC))
