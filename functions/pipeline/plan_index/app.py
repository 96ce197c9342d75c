"""CheckIndex and PlanIndex: is everything there to index with, and what is there to index?"""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.plan_index import check_index, plan_index
from portfolio_twin.services.pipeline.run import Run


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    run = Run.of(stores, event)
    if event["step"] == "check":
        check_index(run)
        return {}
    return plan_index(run, recreate=event["recreate"]).to_json()
