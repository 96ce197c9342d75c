"""Is this function able to answer? No tenant's data goes out; a caller with a token also learns its model's version."""

from typing import Literal

from pydantic import BaseModel

from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import Unavailable


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    dependencies: dict[str, Literal["up", "down"]]
    model_version: str | None = None


def check_health(stores: Stores, tenant: Tenant | None) -> Health:
    """Always an answer: what is down is reported, not raised."""
    dependencies: dict[str, Literal["up", "down"]] = {
        "s3": "up" if stores.bucket.healthy() else "down",
        "qdrant": "up" if stores.index.healthy() else "down",
    }
    try:
        version = tenant.twin().version if tenant else None
    except Unavailable:
        version = None
    down = "down" in dependencies.values() or (tenant is not None and version is None)
    return Health(status="degraded" if down else "ok", dependencies=dependencies, model_version=version)
