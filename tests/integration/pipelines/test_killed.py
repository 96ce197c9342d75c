"""The process of the retrain machine is killed in the middle of the reindex, and another starts over its state."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from infra.local.stores.postgres import Urls
from portfolio_twin.adapters.postgres.database import Database
from tests.integration.fixtures.database import make_tenant, store
from tests.integration.fixtures.taste_world import make_world

ROOT = Path(__file__).resolve().parents[3]
PROPERTIES, INVESTORS = 300, 120
WHOLE = [PROPERTIES, INVESTORS]


class Machine:
    """A state folder in which one model is live, and processes over it."""

    def __init__(self, state: Path, tenant: UUID, urls: Urls) -> None:
        self.state, self.tenant = state, tenant
        servers = {"DATABASE_URL": urls.app, "PIPELINE_DATABASE_URL": urls.pipeline}
        self._environment = {name: value for name, value in os.environ.items() if name != "QDRANT_URL"} | servers

    def run(self, command: str, **environment: str) -> dict[str, Any]:
        done = self._start(command, environment)
        assert done.returncode == 0, done.stderr[-4000:]
        report: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return report

    def killed_after(self, shards: int) -> None:
        done = self._start("retrain_until_killed", {"KILLED_AFTER_SHARDS": str(shards)})
        assert done.returncode == -signal.SIGKILL, done.stderr[-4000:]

    def _start(self, command: str, environment: dict[str, str]) -> "subprocess.CompletedProcess[str]":
        call = [sys.executable, "-m", "tests.integration.fixtures.retraining_process", command, self.state, self.tenant]
        return subprocess.run(
            [str(part) for part in call], cwd=ROOT, env=self._environment | environment, text=True,
            capture_output=True, check=False, timeout=180,
        )  # fmt: skip


@pytest.fixture(scope="module")
def first(postgres_urls: Urls, pipeline_database: Database, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """After one retraining that nobody disturbed."""
    tenant, world = make_tenant(pipeline_database), make_world(PROPERTIES, INVESTORS)
    with pipeline_database.tenant_session(tenant) as session:
        store(session, world.catalogue, world.log)
        session.commit()
    machine = Machine(tmp_path_factory.mktemp("first"), tenant, postgres_urls)
    assert machine.run("retrain")["outcome"] == "Promoted"
    return machine


@pytest.fixture
def machine(first: Machine, postgres_urls: Urls, tmp_path: Path) -> Machine:
    shutil.copytree(first.state, tmp_path / "state")
    return Machine(tmp_path / "state", first.tenant, postgres_urls)


@pytest.mark.case(29)
@pytest.mark.parametrize("shards", [1, 7])
def test_killed_in_mid_reindex_the_old_model_serves_and_the_next_run_is_promoted_whole(
    machine: Machine, shards: int
) -> None:
    machine.killed_after(shards)
    again = machine.run("retrain")
    old, new = again["before"]["version"], again["version"]
    assert again["lease"] is not None  # the dead run's: it was still under way
    assert again["before"] == {"version": old, "hits": 10, "investor": True}
    assert again["outcome"] == "Promoted", again["details"]
    assert again["states"][-3:] == ["PromoteModel", "Promoted", "Finish"]
    assert again["after"] == {"version": new, "hits": 10, "investor": True}
    (dead,) = again["points"].keys() - {old, new}
    assert again["points"] == {old: WHOLE, dead: [0, 0], new: WHOLE}


def test_a_dead_run_s_lease_holds_until_it_runs_out_and_then_fences_the_dead_run_off(machine: Machine) -> None:
    machine.killed_after(4)
    report = machine.run("retrain_while_the_dead_hold_the_lease")
    assert report["outcomes"] == ["AlreadyRunning", "Promoted"]
    assert report["fenced"] is not None
    assert report["dead"] not in (report["before"]["version"], report["after"]["version"])
    assert report["before"]["version"] != report["after"]["version"]
