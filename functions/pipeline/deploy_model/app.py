"""DeployModel: checks the bundle to the last file and publishes it as a candidate."""

from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.deploy_model import deploy_model


@steps.observed()
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    return deploy_model(
        steps.registry(),
        UUID(event["tenant_id"]),
        event["version"],
        source=event["source"],
        holder=event["execution"],
        lease_seconds=steps.settings().lease_seconds,
    )
