"""The one atomic switch from the old model and index to the new; then the loose ends."""

from collections import Counter
from typing import Any

from portfolio_twin.adapters.s3.model_registry import Live
from portfolio_twin.errors import LeaseLost
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import plan_index
from portfolio_twin.services.pipeline.run import Run


def promote_model(run: Run) -> dict[str, Any]:
    """Moves live.json, if the lease is still held; indexes what changed meanwhile; drops older versions' points.

    A second call after the switch only does the rest again. Raises LeaseLost, PromotionConflict, ModelNotFound.
    """
    live = _switch(run)
    caught_up = _catch_up(run)
    run.index.delete_all_versions_but([version for version in (live.version, live.previous) if version])
    indexed = {"properties": run.index.count("properties"), "users": run.index.count("users")}
    run.tenant.bucket.lease.release(run.execution)
    return {
        "decision": "promoted",
        "version": live.version,
        "previous": live.previous,
        "promoted_at": live.promoted_at.isoformat(),
        "indexed": indexed,
        "caught_up": caught_up,
    }


def _switch(run: Run) -> Live:
    bucket = run.tenant.bucket
    live = bucket.models.live()
    if live is not None and live.version == run.version:
        return live
    if not bucket.lease.held_by(run.execution):
        raise LeaseLost("the lease ran out, and what was learnt meanwhile may be newer than this")
    return bucket.models.promote(run.version, by=run.execution, expected=live)


def _catch_up(run: Run) -> dict[str, int]:
    """Indexes what changed since this version's points were last brought up to date."""
    plan, stored = plan_index(run), Counter(properties=0, users=0)
    for shard in plan.shards:
        stored[shard.kind] += index_shard(run, shard)
    run.tenant.bucket.runs.write_indexed_until(run.version, plan.started_at)
    return dict(stored)
