"""CheckData: takes the tenant's lease, then says whether there is enough sound data to train on."""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.check_data import check_data
from portfolio_twin.services.pipeline.run import Run


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return check_data(Run.of(stores, event))
