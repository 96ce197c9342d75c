"""Is this function able to answer, and which code is it? It takes no token, so it knows of no tenant and no model."""

from typing import Literal

from pydantic import BaseModel

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.settings import runtime


class Health(BaseModel):
    status: Literal["ok", "degraded"]
    dependencies: dict[str, Literal["up", "down"]]
    code_version: str


def check_health(stores: Stores) -> Health:
    """Always an answer: what is down is reported, not raised."""
    dependencies: dict[str, Literal["up", "down"]] = {
        "s3": "up" if stores.bucket.healthy() else "down",
        "qdrant": "up" if stores.index.healthy() else "down",
    }
    status: Literal["ok", "degraded"] = "degraded" if "down" in dependencies.values() else "ok"
    return Health(status=status, dependencies=dependencies, code_version=runtime().code_version)
