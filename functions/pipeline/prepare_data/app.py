"""PrepareData: freezes the tenant's data in S3 for one training."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.prepare_data import prepare_data


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return prepare_data(
        steps.registry(),
        steps.database(),
        UUID(event["tenant_id"]),
        event["version"],
        model_kind="content" if event["check"]["decision"] == "content" else "twin",
        lookback_days=event.get("lookback_days"),
        seed=int(event["training"]["seed"] or 0),
        now=datetime.now(UTC),
    )
