"""`twin` on servers of one's own: those that DATABASE_URL and QDRANT_URL name, as compose.yaml offers them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx

from infra.local.stores.postgres import Urls
from infra.local.twin.tokens import issue_token
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from tests.integration.fixtures.qdrant import serving

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 60


@contextmanager
def twin_serve(state: Path, environment: dict[str, str]) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-c", "from infra.local.twin.cli import main; main()", "serve"]
    process = subprocess.Popen(
        [*command, "--state", str(state), "--port", str(port)], cwd=ROOT, env={**os.environ, **environment}
    )
    url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + START_SECONDS
    try:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                httpx.get(f"{url}/health", timeout=10)
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def test_serve_works_on_the_servers_that_the_environment_names_and_starts_none_of_its_own(
    postgres_urls: Urls, pipeline_database: Database, two_tenants: tuple[UUID, UUID], tmp_path: Path
) -> None:
    tenant, state = two_tenants[0], tmp_path / "state"
    with serving(tmp_path / "theirs") as qdrant_url:
        environment = {
            "QDRANT_URL": qdrant_url, "DATABASE_URL": postgres_urls.app,
            "PIPELINE_DATABASE_URL": postgres_urls.pipeline, "OWNER_DATABASE_URL": postgres_urls.owner,
        }  # fmt: skip
        with twin_serve(state, environment) as url:
            assert httpx.get(f"{url}/health").json()["dependencies"]["qdrant"] == "up"
            headers = {"Authorization": f"Bearer {issue_token(state, tenant)}"}
            answer = httpx.put(
                f"{url}/properties/p1", json={"property": {"bedrooms": 3.0}}, headers=headers, timeout=30
            )
    assert answer.status_code == 200, answer.text
    with pipeline_database.tenant_session(tenant) as session:
        assert PropertyRepository(session).count() == 1
    assert {path.name for path in state.iterdir()} & {"postgres", "qdrant"} == set()
