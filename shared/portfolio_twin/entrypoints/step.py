"""What the steps of the pipelines share: an event in, a typed run with its stores to the use case, its answer out."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.telemetry import Handler
from portfolio_twin.adapters.tenant import Stores, stores_from_environment
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.settings import PipelineSettings, StepSettings

Event = dict[str, Any]
NOTED = ("tenant_id", "version", "execution")


def step(
    needs: type[StepSettings] = PipelineSettings,
) -> Callable[[Callable[[Stores, Event], dict[str, Any]]], Handler]:
    """Makes a Lambda handler: its log lines carry the tenant, the version and the execution, its decision is counted.

    Raises BadEnvironment at once where a setting is missing.
    """
    stores_from_environment(needs)
    telemetry.log_as_json()

    def observing(use_case: Callable[[Stores, Event], dict[str, Any]]) -> Handler:
        @telemetry.traced
        @wraps(use_case)
        def lambda_handler(event: Event, _context: Any) -> dict[str, Any]:
            facts = telemetry.begin()
            telemetry.note(**{name: str(event[name]) for name in NOTED if name in event})
            answer = use_case(stores_from_environment(needs), event)
            if decision := answer.get("decision"):
                telemetry.outcome(decision, facts)
            return answer

        return lambda_handler

    return observing


def step_of(use_case: Callable[[Run], dict[str, Any]], needs: type[StepSettings] = PipelineSettings) -> Handler:
    """As `step`, of a use case that needs nothing of the event but its run."""

    @step(needs)
    def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
        return use_case(Run.of(stores, event))

    return lambda_handler
