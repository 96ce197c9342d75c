"""The training image: terminated in mid-training and started again, it ends as if nothing had been."""

import json
import re
from typing import Any
from uuid import UUID

import pytest

from infra.local.system import LocalSystem
from tests.e2e.containers import Pipeline, Trainer, event_of

EPOCHS = "60"  # long enough to be terminated in
TERMINATED = 128 + 15


def branch(tenant: UUID, name: str) -> dict[str, Any]:
    return {"tenant_id": str(tenant), "version": name, "source": f"{tenant}/training/{name}/"}


def first_epoch(log: str) -> int:
    epoch = re.search(r"^epoch +(\d+)/", log, re.MULTILINE)
    assert epoch, log
    return int(epoch[1])


def ndcg(system: LocalSystem, tenant: UUID, name: str) -> float:
    metrics = json.loads(system.tenant(tenant).bucket.objects.read(f"{tenant}/training/{name}/metrics.json"))
    return float(metrics["ranking"]["twin"]["ndcg_at_10"])


def test_terminated_and_started_again_it_ends_as_an_uninterrupted_training(
    system: LocalSystem, tenant: UUID, trainer: Trainer, prepared: Pipeline
) -> None:
    snapshot = {"SNAPSHOT_ID": prepared.event("PrepareData")["version"], "EPOCHS": EPOCHS, "SEED": "1"}
    whole, broken = branch(tenant, "20261122T030000Z-00000001"), branch(tenant, "20261122T030000Z-00000002")
    assert trainer.run(whole, **snapshot) == 0, trainer.log

    first = trainer.start(broken, **snapshot)
    trainer.terminate_after(first, "epoch")
    assert trainer.wait(first) == TERMINATED, trainer.log
    assert "checkpoint" in trainer.log
    assert trainer.run(broken, **snapshot) == 0, trainer.log
    assert first_epoch(trainer.log) > 1, trainer.log

    assert ndcg(system, tenant, broken["version"]) == pytest.approx(ndcg(system, tenant, whole["version"]), abs=0.02)


def test_the_job_of_a_large_tenant_decides_and_freezes(system: LocalSystem, tenant: UUID, trainer: Trainer) -> None:
    holder = event_of("CheckData")["execution"]  # the run that has the tenant's lease, when another test began it
    large = branch(tenant, "20261122T030000Z-00000003") | {"execution": holder}
    assert trainer.prepare(large) == 0, trainer.log
    assert "decided: train" in trainer.log
    bucket = system.tenant(tenant).bucket
    decided = bucket.runs.check(large["version"])
    assert decided
    assert decided["decision"] == "train"
    assert bucket.snapshots.manifest(large["version"])["counts"]["properties"] > 0
