"""VerifyIndex: does the index hold this version whole?"""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.services.pipeline.verify_index import verify_index


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return verify_index(Run.of(stores, event), event["started_at"])
