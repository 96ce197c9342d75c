"""EvaluateGates: measures a bundle anew and says whether it may serve."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.evaluate_gates import evaluate_gates


@steps.observed()
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return evaluate_gates(
        steps.registry(),
        UUID(event["tenant_id"]),
        event["version"],
        source=event["source"],
        entry=event["entry"],
        snapshot_id=(event.get("snapshot") or {}).get("snapshot_id"),
        holder=event["execution"],
        lease_seconds=steps.settings().lease_seconds,
        now=datetime.now(UTC),
    )
