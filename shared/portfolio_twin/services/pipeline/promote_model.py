"""The one atomic switch from the old model and index to the new; then the loose ends."""

from typing import Any
from uuid import UUID

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.registry import Live, Registry
from portfolio_twin.errors import LeaseLost
from portfolio_twin.services.pipeline.index_properties import catch_up


def promote_model(
    registry: Registry, database: Database, index: VectorIndex, tenant: UUID, version: str, holder: str
) -> dict[str, Any]:
    """Moves live.json, if the lease is still held; indexes what changed meanwhile; drops older versions' points.

    A second call after the switch only does the rest again. Raises LeaseLost, PromotionConflict, ModelNotFound.
    """
    live = _switch(registry, tenant, version, holder)
    caught_up = catch_up(database, index, registry, tenant, version)
    index.delete_versions(tenant, keep=[v for v in (live.version, live.previous) if v])
    indexed = {kind: index.count(tenant, version, kind) for kind in ("properties", "users")}
    registry.release_lease(tenant, holder)
    return {
        "version": live.version,
        "previous": live.previous,
        "promoted_at": live.promoted_at.isoformat(),
        "indexed": indexed,
        "caught_up": caught_up,
    }


def _switch(registry: Registry, tenant: UUID, version: str, holder: str) -> Live:
    live = registry.live(tenant)
    if live is not None and live.version == version:
        return live
    if not registry.holds_lease(tenant, holder):
        raise LeaseLost("the lease ran out, and what was learnt meanwhile may be newer than this")
    return registry.promote(tenant, version, by=holder, expected=live)
