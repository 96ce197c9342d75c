"""The warm, immutable clients of a function: made once, on first use, and shared by all its requests."""

from functools import cache
from typing import TYPE_CHECKING

from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.secrets import qdrant_key
from portfolio_twin.settings import read_settings, write_settings

if TYPE_CHECKING:
    from portfolio_twin.adapters.postgres.database import Database


@cache
def live_models() -> LiveModels:
    settings = read_settings()
    registry = Registry(settings.bucket, bundle_limit_bytes=settings.bundle_limit_bytes)
    return LiveModels(registry, settings.live_ttl_seconds, settings.model_cache_tenants)


@cache
def vector_index() -> VectorIndex:
    settings = read_settings()
    api_key = qdrant_key(settings.qdrant_api_key, settings.qdrant_secret_arn)
    return VectorIndex(settings.qdrant_url, api_key, settings.qdrant_timeout_seconds)


@cache
def database() -> "Database":
    from portfolio_twin.adapters.postgres.database import Database  # SQLAlchemy costs 0.3 s: only the write side pays

    return Database(write_settings())
