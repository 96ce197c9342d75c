"""PromoteModel: the switch to the new version, or by hand back; and ReleaseLease, for branches that end without it."""

from typing import Any
from uuid import UUID

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.promote_model import promote_model, roll_back
from portfolio_twin.services.pipeline.run import Run


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    if event.get("release_only"):
        stores.of(UUID(event["tenant_id"])).bucket.lease.release(event["execution"])
        return {"decision": "failed"} if event.get("outcome") == "Failed" else {}  # the other decisions are counted
    if event.get("roll_back"):
        live = roll_back(stores.of(UUID(event["tenant_id"])), by=str(event.get("by", "roll_back")))
        return {"version": live.version, "previous": live.previous}
    return promote_model(Run.of(stores, event))
