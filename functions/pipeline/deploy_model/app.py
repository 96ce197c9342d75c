"""DeployModel: checks the bundle to the last file and publishes it as a candidate."""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.deploy_model import deploy_model
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.settings import StepSettings


@step(StepSettings)
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return deploy_model(Run.of(stores, event))
