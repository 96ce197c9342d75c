"""The one atomic switch from one model and its index to another, forwards or back; then the loose ends."""

from collections import Counter
from typing import Any, NamedTuple

from portfolio_twin.adapters.s3.model_registry import Live
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import LeaseLost, NoPreviousVersion
from portfolio_twin.services.drop_versions import drop_old_versions
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import check_index, plan_index
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.services.pipeline.verify_index import verify_index


class Switched(NamedTuple):
    live: Live
    caught_up: Counter[str]  # how many properties and users were indexed on the way


def promote_model(run: Run) -> dict[str, Any]:
    """Switches, if the lease is still held; drops older versions and gives the lease back.

    A second call after the switch only does the rest again. Raises as `switch`, and LeaseLost.
    """
    bucket = run.tenant.bucket
    live = bucket.models.live()
    if live is not None and live.version == run.version:
        caught_up = catch_up(run)
    elif bucket.lease.held_by(run.execution):
        live, caught_up = switch(run, live)
    else:
        raise LeaseLost("the lease ran out, and what was learnt meanwhile may be newer than this")
    run.index.delete_all_versions_but([version for version in (live.version, live.previous) if version])
    drop_old_versions(run, live, run.settings.keep_versions_days)
    indexed = {"properties": run.index.count("properties"), "users": run.index.count("users")}
    bucket.lease.release(run.execution)
    return {
        "decision": "promoted",
        "version": live.version,
        "previous": live.previous,
        "promoted_at": live.promoted_at.isoformat(),
        "indexed": indexed,
        "caught_up": {kind: caught_up[kind] for kind in ("properties", "users")},
    }


def roll_back(tenant: Tenant, by: str) -> Live:
    """Switches to the version before; raises as `switch`, and NoPreviousVersion."""
    live = tenant.bucket.models.live()
    if live is None or live.previous is None:
        raise NoPreviousVersion("there is no previous version to roll back to")
    return switch(Run(tenant, live.previous, execution=by), live).live


def switch(run: Run, expected: Live | None) -> Switched:
    """Makes the run's version live once its index knows all that was written while another one was.

    First nothing that was stored must be forgotten; then what was written during that very step follows.
    Raises PromotionConflict where `expected` is not live any more, ModelNotFound, IndexUnavailable, IndexIncomplete.
    """
    before = catch_up(run)
    live = run.tenant.bucket.models.promote(run.version, by=run.execution, expected=expected)
    return Switched(live, before + catch_up(run))


def catch_up(run: Run) -> Counter[str]:
    """What the reindex machine does, at once: indexes what changed since the last time, drops what has gone."""
    check_index(run)
    plan, stored = plan_index(run), Counter[str]()
    for shard in plan.shards:
        stored[shard.kind] += index_shard(run, shard)
    verify_index(run, plan.started_at)
    return stored
