"""The built functions and the training image, in containers, against this machine's stores; `make e2e` builds both."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from rich.console import Console

from infra.local.cloud.containers import command, system_for_containers
from infra.local.system import LocalSystem
from infra.local.twin.importer import import_canonical
from infra.local.twin.tokens import issue_token
from infra.simulator import MARKETS, simulate, write_canonical
from tests.e2e.containers import ROOT, Pipeline, Trainer, free_port

API_SECONDS = 120.0


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalSystem]:
    with pytest.MonkeyPatch.context() as environment:
        for name in ("DATABASE_URL", "QDRANT_URL"):  # else these would be the servers to use
            environment.delenv(name, raising=False)
        with system_for_containers(tmp_path_factory.mktemp("state")) as running:
            yield running


@pytest.fixture(scope="session")
def tenant(system: LocalSystem, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    """The tenant of tests/events: its name decides its id, and the seed its properties."""
    folder = tmp_path_factory.mktemp("market")
    write_canonical(simulate(MARKETS["harborview"], 7), folder)
    files = folder / "properties.csv.gz", folder / "interactions.csv.gz"
    with closing(system.database) as database:
        imported = import_canonical(database, "harborview", *files, skip_bad_rows=False, console=Console(quiet=True))
    return imported.tenant_id


@pytest.fixture(scope="session")
def trainer(system: LocalSystem) -> Trainer:
    return Trainer(system)


@pytest.fixture(scope="session")
def prepared(system: LocalSystem, tenant: UUID) -> Pipeline:
    """One retraining, step by step, each in its container, as far as the snapshot: what every step answered."""
    pipeline = Pipeline()
    pipeline.run("ListTenants")
    pipeline.run("CheckData")
    pipeline.run("PrepareData")
    return pipeline


@pytest.fixture(scope="session")
def promoted(prepared: Pipeline, trainer: Trainer) -> Pipeline:
    """The same to its end."""
    pipeline = prepared
    assert trainer.run(pipeline.event("PrepareData")) == 0, trainer.log
    pipeline.run("EvaluateGates")
    pipeline.run("DeployModel")
    pipeline.run("PlanIndex", step="check")
    plan = pipeline.run("PlanIndex")
    for shard in (*plan["property_shards"], *plan["user_shards"]):
        pipeline.run("IndexShard", shard=shard)
    pipeline.run("VerifyIndex", started_at=plan["started_at"])
    pipeline.run("PromoteModel")
    return pipeline


@pytest.fixture(scope="session")
def api(system: LocalSystem, promoted: Pipeline, tenant: UUID) -> Iterator[httpx.Client]:
    """`sam local start-api`, with the tenant's token."""
    port = free_port()
    log = ROOT / "build/local/start-api.log"
    started = command(["start-api", "--port", str(port), "--warm-containers", "LAZY"])
    with log.open("w") as output:
        process = subprocess.Popen(started, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    headers = {"Authorization": f"Bearer {issue_token(system.state, tenant)}"}
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=API_SECONDS) as client:
        try:
            _wait(client, process, log)
            yield client
        finally:
            process.terminate()
            process.wait()


def _wait(client: httpx.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + API_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            client.get("/health")
            return
        except httpx.ConnectError:
            time.sleep(0.5)
    pytest.fail(f"sam local start-api does not start:\n{log.read_text()}")
