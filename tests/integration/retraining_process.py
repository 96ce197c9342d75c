"""A process of its own that retrains a tenant over a state folder, so that a test can kill it and start the next.

Every step is the real one but the training, whose place takes a twin that knows what decides in `taste_world`.
`python -m tests.integration.retraining_process COMMAND STATE TENANT`; what it found is one line of JSON.
"""

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

from infra.local.pipeline import LocalPipeline
from infra.local.system import LocalSystem, local_system
from portfolio_twin.adapters.live_models import LiveModels
from portfolio_twin.adapters.registry import Live, Registry, lease_key
from portfolio_twin.adapters.snapshots import load_snapshot
from portfolio_twin.adapters.vector_index import VectorIndex
from portfolio_twin.api import steps
from portfolio_twin.errors import LeaseLost
from portfolio_twin.model.bundle import MANIFEST
from portfolio_twin.services import index_properties
from tests.integration.taste_world import World, as_bundle, knowing_twin

TRAIN = (sys.executable, "-m", "tests.integration.retraining_process", "train")
INDEX_SHARD = 60  # the 300 properties and 120 investors of the world are five shards and two

Report = dict[str, Any]


def retrain(system: LocalSystem, tenant: UUID) -> Report:
    """What was served and held before, how the machine went, and what the index holds after it."""
    found = {"before": served(system.registry, tenant), "lease": holder(system.registry, tenant)}
    with LocalPipeline(system.s3, train=TRAIN) as pipeline:
        execution = pipeline.retrain(tenant_ids=[str(tenant)])
    run = execution.tenants[str(tenant)]
    return found | {
        "outcome": run.outcome, "version": run.version, "states": execution.states(tenant),
        "details": run.details.get("error") or run.details.get("gates", {}).get("reasons"),
        "after": served(system.registry, tenant), "points": points(system.registry, tenant),
    }  # fmt: skip


def retrain_until_killed(system: LocalSystem, tenant: UUID) -> Report:
    """Dies, as by `kill -9`, when this many shards are stored and before the machine hears of the last."""
    left = [int(os.environ["KILLED_AFTER_SHARDS"])]
    for name in ("upsert_properties", "upsert_users"):
        setattr(VectorIndex, name, _deadly(getattr(VectorIndex, name), left))
    return retrain(system, tenant)


def retrain_while_the_dead_hold_the_lease(system: LocalSystem, tenant: UUID) -> Report:
    """As in the cloud, where nobody knows that an execution's process has died but by its lease running out."""
    from functions.promote_model.app import lambda_handler as promote_model  # it wants the system's environment

    registry, dead = system.registry, holder(system.registry, tenant)
    assert dead is not None
    before = served(registry, tenant)
    with LocalPipeline(system.s3, train=TRAIN) as pipeline:
        registry.acquire_lease(tenant, dead, 3600)  # the local pipeline has dropped it
        held = pipeline.retrain(tenant_ids=[str(tenant)])
        registry.acquire_lease(tenant, dead, -1)
        run_out = pipeline.retrain(tenant_ids=[str(tenant)])
    (dead_version,) = set(registry.versions(tenant)) - {one for one in live_of(registry, tenant) if one}
    try:
        promote_model({"tenant_id": str(tenant), "version": dead_version, "execution": dead}, None)
        fenced = None
    except LeaseLost as error:
        fenced = str(error)
    outcomes = [execution.tenants[str(tenant)].outcome for execution in (held, run_out)]
    after = served(registry, tenant)
    return {"before": before, "outcomes": outcomes, "fenced": fenced, "after": after, "dead": dead_version}


def train() -> None:
    """In the place of functions/train: its environment, its files."""
    tenant, version, snapshot_id = UUID(os.environ["TENANT_ID"]), os.environ["VERSION"], os.environ["SNAPSHOT_ID"]
    registry = Registry(os.environ["BUCKET"])
    snapshot = load_snapshot(registry, tenant, snapshot_id)
    world = World(snapshot.catalogue, snapshot.log)
    files = as_bundle(knowing_twin(world, version), world, tenant, snapshot_id)
    for name in sorted(files, key=lambda name: name == MANIFEST):
        registry.write(os.environ["OUTPUT_PREFIX"] + name, files[name])


def served(registry: Registry, tenant: UUID) -> Report | None:
    """What a reader gets: the version, and how many properties and investors it finds under it."""
    if registry.live(tenant) is None:
        return None
    twin, index = LiveModels(registry).current(tenant), steps.vector_index()
    hits = index.search(tenant, twin.version, twin.property_vectors[0], limit=10)
    return {"version": twin.version, "hits": len(hits), "investor": index.get_user(tenant, twin.version, 1) is not None}


def points(registry: Registry, tenant: UUID) -> dict[str, tuple[int, int]]:
    index = steps.vector_index()
    return {
        version: (index.count(tenant, version, "properties"), index.count(tenant, version, "users"))
        for version in registry.versions(tenant)
    }


def live_of(registry: Registry, tenant: UUID) -> tuple[str | None, ...]:
    live: Live | None = registry.live(tenant)
    return (live.version, live.previous) if live else ()


def holder(registry: Registry, tenant: UUID) -> str | None:
    found = registry.find(lease_key(tenant))
    return (json.loads(found.body)["holder"] or None) if found else None


def _deadly(store: Callable[..., None], left: list[int]) -> Callable[..., None]:
    def stored(*given: Any) -> None:
        store(*given)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    return stored


COMMANDS = {
    function.__name__: function for function in (retrain, retrain_until_killed, retrain_while_the_dead_hold_the_lease)
}


def main() -> None:
    command, *given = sys.argv[1:]
    if command == "train":
        train()
        return
    state, tenant = Path(given[0]), UUID(given[1])
    index_properties.SHARD_PROPERTIES = index_properties.SHARD_USERS = INDEX_SHARD
    with local_system(state) as system:
        sys.stdout.write(json.dumps(COMMANDS[command](system, tenant)) + "\n")


if __name__ == "__main__":
    main()
