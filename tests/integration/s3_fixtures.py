"""The local S3 server, and small bundles to put there."""

import threading
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from infra.local.s3_server import S3Server
from portfolio_twin.adapters.objects import StoredObject
from portfolio_twin.adapters.registry import Registry
from portfolio_twin.errors import RegistryUnavailable
from portfolio_twin.model.bundle import Provenance, pack
from tests.twins import small_catalogue, small_twin

FIRST, SECOND, THIRD = (f"202611{day:02d}T020000Z-0000000{day}" for day in (1, 2, 3))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with (
        S3Server(tmp_path_factory.mktemp("state"), "test-models") as running,
        pytest.MonkeyPatch.context() as environment,
    ):
        for name, value in running.environment.items():
            environment.setenv(name, value)
        yield running


@pytest.fixture
def registry(server: S3Server) -> Registry:
    return Registry(server.bucket)


class FlakyRegistry(Registry):
    """A registry whose S3 can be switched off."""

    down = False

    def find(self, key: str, unless: str | None = None) -> StoredObject | None:
        if self.down:
            raise RegistryUnavailable("switched off")
        return super().find(key, unless)


def bundle(tenant: UUID, version: str, seed: int = 0) -> dict[str, bytes]:
    twin = small_twin(seed=seed, version=version)
    provenance = Provenance(tenant, {"id": "s", "sha256": "0"}, None, {"auc": 0.9}, "test")
    return pack(twin, provenance, small_catalogue().take(np.arange(1)), {"report.html": b"<html>", "notes.pt": b"\x80"})


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each gave or raised, all started at the same moment."""
    start = threading.Barrier(len(calls))
    results: list[Any] = [None] * len(calls)

    def run(i: int) -> None:
        start.wait()
        try:
            results[i] = calls[i]()
        except Exception as error:  # handed to the test, which looks at it
            results[i] = error

    threads = [threading.Thread(target=run, args=(i,)) for i in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
