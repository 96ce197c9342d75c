"""The warm clients of a step of the pipelines: as `resources`, with the pipelines' longer time limits."""

from collections.abc import Callable
from functools import cache, wraps
from typing import TYPE_CHECKING, Any

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.secrets import qdrant_key
from portfolio_twin.settings import (
    PipelineSettings,
    StepSettings,
    check_environment,
    pipeline_settings,
    step_settings,
)

if TYPE_CHECKING:
    from portfolio_twin.adapters.postgres.database import Database


Step = Callable[[dict[str, Any], Any], dict[str, Any]]


def observed(*, facts: bool = False) -> Callable[[Step], Step]:
    """A handler whose log lines carry the tenant, the version and the execution, and whose decision is counted.

    `facts`: it reads PostgreSQL. Raises BadEnvironment at once where a setting is missing.
    """
    check_environment(PipelineSettings if facts else StepSettings)
    telemetry.log_as_json()

    def observing(step: Step) -> Step:
        @telemetry.traced
        @wraps(step)
        def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            known = telemetry.begin()
            ids = ("tenant_id", "version", "execution")
            telemetry.note(**{name: str(event[name]) for name in ids if name in event})
            answer = step(event, context)
            if decision := answer.get("decision"):
                telemetry.outcome(decision, known)
            return answer

        return lambda_handler

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
    from portfolio_twin.adapters.postgres.database import Database  # not every step needs PostgreSQL

    return Database(pipeline_settings())
