"""The warm clients of a step of the pipelines: as `resources`, with the pipelines' longer time limits."""

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.registry import Registry
from portfolio_twin.adapters.secrets import qdrant_key
from portfolio_twin.adapters.vector_index import VectorIndex
from portfolio_twin.settings import StepSettings, pipeline_settings, step_settings

if TYPE_CHECKING:
    from portfolio_twin.adapters.database import Database


Step = Callable[[dict[str, Any], Any], dict[str, Any]]


def observed(step: Step) -> Step:
    """A handler whose log lines carry the tenant, the version and the execution, and whose decision is counted."""
    telemetry.log_as_json()

    @telemetry.traced
    @wraps(step)
    def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        facts = telemetry.begin()
        telemetry.note(**{name: str(event[name]) for name in ("tenant_id", "version", "execution") if name in event})
        answer = step(event, context)
        if decision := answer.get("decision"):
            telemetry.outcome(decision, facts)
        return answer

    observing: Step = lambda_handler
    return observing


def settings() -> StepSettings:
    return step_settings()


@cache
def registry() -> Registry:
    return Registry(settings().bucket, bundle_limit_bytes=settings().bundle_limit_bytes)


@cache
def vector_index() -> VectorIndex:
    api_key = qdrant_key(settings().qdrant_api_key, settings().qdrant_secret_arn)
    timeout, batch = settings().qdrant_timeout_seconds, settings().index_batch_points
    return VectorIndex(settings().qdrant_url, api_key, timeout, batch)


@cache
def database() -> "Database":
    from portfolio_twin.adapters.database import Database  # not every step needs PostgreSQL

    return Database(pipeline_settings())
