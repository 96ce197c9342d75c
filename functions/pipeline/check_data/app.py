"""CheckData: takes the tenant's lease, then says whether there is enough sound data to train on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from portfolio_twin.adapters import telemetry
from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.check_data import check_data


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    tenant, now = UUID(event["tenant_id"]), datetime.now(UTC)
    answer = check_data(
        steps.registry(),
        steps.database(),
        tenant,
        event["version"],
        holder=event["execution"],
        lease_seconds=steps.settings().lease_seconds,
        lookback_days=event.get("lookback_days"),
        now=now,
    )
    if answer["decision"] == "skip" and (live := steps.registry().live(tenant)):
        telemetry.model_age_at_skip((now - live.promoted_at) / timedelta(days=1))
    return answer
