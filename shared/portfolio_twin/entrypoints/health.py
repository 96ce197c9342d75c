"""Is this function able to answer? No tenant's data goes out; a caller with a token also learns its model's version."""

from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.errors import Unavailable


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    dependencies: dict[str, Literal["up", "down"]]
    model_version: str | None = None


def check_health(models: LiveModels, index: VectorIndex, tenant: UUID | None) -> Health:
    """Always an answer: what is down is said, not raised."""
    dependencies: dict[str, Literal["up", "down"]] = {
        "s3": "up" if models.registry.healthy() else "down",
        "qdrant": "up" if index.healthy() else "down",
    }
    try:
        version = models.current(tenant).version if tenant else None
    except Unavailable:
        version = None
    down = "down" in dependencies.values() or (tenant is not None and version is None)
    return Health(status="degraded" if down else "ok", dependencies=dependencies, model_version=version)
