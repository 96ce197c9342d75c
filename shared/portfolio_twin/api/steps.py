"""The warm clients of a step of the pipelines: as `resources`, with the pipelines' longer time limits."""

from functools import cache
from typing import TYPE_CHECKING

from portfolio_twin.adapters.registry import Registry
from portfolio_twin.adapters.secrets import qdrant_key
from portfolio_twin.adapters.vector_index import VectorIndex
from portfolio_twin.settings import StepSettings, pipeline_settings, step_settings

if TYPE_CHECKING:
    from portfolio_twin.adapters.database import Database


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
