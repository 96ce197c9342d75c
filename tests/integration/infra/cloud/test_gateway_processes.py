"""The gateway in several processes: one address, and nobody left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from infra.local.cloud.gateway_processes import gateway_processes
from infra.local.stores.postgres import Urls
from infra.local.stores.s3_server import S3Server
from tests.integration.fixtures.qdrant import serving

PATIENCE_SECONDS = 60
CONNECTIONS = 40  # that all go to one of two processes once in 2³⁹ runs


@pytest.fixture
def _stores(tmp_path: Path, postgres_urls: Urls, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with serving(tmp_path / "qdrant") as qdrant_url, S3Server(tmp_path) as s3:
        addresses = {
            "QDRANT_URL": qdrant_url, "DATABASE_URL": postgres_urls.app,
            "PIPELINE_DATABASE_URL": postgres_urls.pipeline,
        }  # fmt: skip
        for name, value in (s3.environment | addresses).items():
            monkeypatch.setenv(name, value)
        yield


@pytest.mark.usefixtures("_stores")
def test_all_of_them_answer_at_one_address_and_none_is_left(tmp_path: Path) -> None:
    before = set(psutil.Process().children())
    with gateway_processes(tmp_path, 0, count=2) as url:
        processes = set(psutil.Process().children()) - before
        port, asked = int(url.rsplit(":", 1)[1]), [httpx.Client(base_url=url) for _ in range(CONNECTIONS)]
        try:
            assert {client.get("/health", timeout=PATIENCE_SECONDS).status_code for client in asked} == {200}
            answering = [p for p in processes if any(c.laddr.port == port and c.raddr for c in p.net_connections())]
        finally:
            for client in asked:
                client.close()
    assert len(answering) == 2
    assert not any(process.is_running() for process in processes)
    with socket.create_server(("127.0.0.1", port)):
        pass  # the port is free again


@contextmanager
def _parent(state: Path) -> Iterator[subprocess.Popen[str]]:
    serve = (
        "import sys; from pathlib import Path; from infra.local.cloud.gateway_processes import gateway_processes\n"
        "with gateway_processes(Path(sys.argv[1]), 0, count=1) as url: print(url, flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", serve, str(state)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.usefixtures("_stores")
def test_they_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with _parent(tmp_path) as parent:
        assert parent.stdout
        assert parent.stdout.readline().startswith("http://127.0.0.1:")
        (child,) = psutil.Process(parent.pid).children()
        os.kill(parent.pid, signal.SIGKILL)
        _, alive = psutil.wait_procs([child], timeout=PATIENCE_SECONDS)
        assert not alive


def test_one_that_cannot_start_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "QDRANT_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(SystemExit) as ended, gateway_processes(tmp_path, 0, count=2):
        pass
    assert ended.value.code == 2
    assert "did not start" in capfd.readouterr().err
