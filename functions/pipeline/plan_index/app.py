"""CheckIndex and PlanIndex: is everything there to index with, and what is there to index?"""

from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.index_properties import check_index, plan_index


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    tenant, version = UUID(event["tenant_id"]), event["version"]
    if event["step"] == "check":
        check_index(steps.vector_index(), steps.registry(), tenant, version)
        return {}
    return plan_index(
        steps.database(), steps.vector_index(), steps.registry(), tenant, version, recreate=event["recreate"]
    )
