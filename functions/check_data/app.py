"""CheckData: takes the tenant's lease, then says whether there is enough sound data to train on."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.api import steps
from portfolio_twin.services.check_data import check_data


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return check_data(
        steps.registry(),
        steps.database(),
        UUID(event["tenant_id"]),
        event["version"],
        holder=event["execution"],
        lease_seconds=steps.settings().lease_seconds,
        lookback_days=event.get("lookback_days"),
        now=datetime.now(UTC),
    )
