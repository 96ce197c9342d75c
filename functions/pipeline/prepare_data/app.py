"""PrepareData: freezes the tenant's data in S3 for one training."""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.prepare_data import prepare_data
from portfolio_twin.services.pipeline.run import Run


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return prepare_data(Run.of(stores, event))
