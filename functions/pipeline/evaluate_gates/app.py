"""EvaluateGates: measures a bundle anew and says whether it may serve."""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.evaluate_gates import evaluate_gates
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.settings import StepSettings


@step(StepSettings)
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return evaluate_gates(Run.of(stores, event))
