"""VerifyIndex: does the index hold this version whole?"""

from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.verify_index import verify_index


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, int]:
    return verify_index(
        steps.database(),
        steps.vector_index(),
        steps.registry(),
        UUID(event["tenant_id"]),
        event["version"],
        event["started_at"],
    )
