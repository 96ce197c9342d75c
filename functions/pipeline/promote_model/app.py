"""PromoteModel: the switch to the new version; and ReleaseLease, for branches that end without it."""

from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.promote_model import promote_model


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    tenant, holder = UUID(event["tenant_id"]), event["execution"]
    if event.get("release_only"):
        steps.registry().release_lease(tenant, holder)
        return {"decision": "failed"} if event.get("outcome") == "Failed" else {}  # the others' steps have told theirs
    stores = steps.registry(), steps.database(), steps.vector_index()
    return {"decision": "promoted"} | promote_model(*stores, tenant, event["version"], holder)
