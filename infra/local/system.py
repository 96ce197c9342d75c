"""The whole product on this machine: starts the stores in a state folder and points the environment at them."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from infra.local.twin.exits import give_up

if TYPE_CHECKING:
    from infra.local.stores.postgres import Urls
    from infra.local.stores.s3_server import S3Server
    from portfolio_twin.adapters.postgres.database import Database
    from portfolio_twin.adapters.tenant import Stores, Tenant

DEFAULT_STATE = Path(".twin")
LOOPBACK = "127.0.0.1"
LOCK, ADDRESSES = "in-use.lock", "running.json"  # in the state folder
LOCAL_SETTINGS = {
    "LIVE_TTL_SECONDS": "1",
    "POWERTOOLS_METRICS_DISABLED": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
    "LOG_LEVEL": "WARNING",
}


@dataclass(frozen=True)
class ReachedSystem:
    """The stores of a state folder, whichever process runs them."""

    state: Path
    stores: "Stores"  # as the pipelines' role

    @property
    def database(self) -> "Database":
        return self.stores.database

    def tenant(self, tenant_id: UUID) -> "Tenant":
        return self.stores.of(tenant_id)


@dataclass(frozen=True)
class LocalSystem(ReachedSystem):
    """What this process runs, and where."""

    s3: "S3Server"
    qdrant_url: str


@contextmanager
def reached_system(state: Path) -> Iterator[ReachedSystem]:
    """The stores of the process that has the folder, `make serve` for one; where there is none, of this one.

    For what reads, or writes no more than rows and objects: machines run only where the system does.
    """
    from portfolio_twin.adapters.tenant import Stores
    from portfolio_twin.settings import PipelineSettings, from_environment

    state = state.resolve()
    if not _is_in_use(state):
        with local_system(state) as system:
            yield system
        return
    try:
        addresses = json.loads((state / ADDRESSES).read_text())
    except FileNotFoundError:
        give_up(f"{state} is just being started or stopped by another `twin` process: try again in a moment")
    with _environment(addresses):
        stores = Stores(from_environment(PipelineSettings))
        with closing(stores):
            yield ReachedSystem(state, stores)


@contextmanager
def local_system(state: Path, host: str = "", **settings: str) -> Iterator[LocalSystem]:
    """PostgreSQL, the Qdrant engine and S3, running until the block ends; one process at a time per state folder.

    `host`: one of this machine's addresses at which containers reach all three. `settings`: further variables of
    portfolio_twin/settings.py, for as long as the system runs.
    """
    from threadpoolctl import threadpool_limits

    from infra.local.stores.s3_server import S3Server
    from portfolio_twin.adapters.tenant import Stores, close_stores
    from portfolio_twin.settings import PipelineSettings, from_environment

    state = state.resolve()
    state.mkdir(parents=True, exist_ok=True)
    with (
        _only_one(state),
        threadpool_limits(1, "blas"),  # as in Lambda: threads that compete for a busy core cost more than they save
        S3Server(state, host=host or LOOPBACK) as s3,
        _qdrant_of(state, host or LOOPBACK) as qdrant_url,
    ):
        urls = postgres_of(state, host)
        addresses = {"QDRANT_URL": qdrant_url, "DATABASE_URL": urls.app, "PIPELINE_DATABASE_URL": urls.pipeline}
        environment = s3.environment | addresses | LOCAL_SETTINGS | settings
        with _environment(environment), _published(state / ADDRESSES, environment):
            stores = Stores(from_environment(PipelineSettings))
            with closing(stores):
                try:
                    yield LocalSystem(state, stores, s3, qdrant_url)
                finally:
                    close_stores(qdrant_url)


@contextmanager
def _qdrant_of(state: Path, host: str) -> Iterator[str]:
    """The server that the environment names, or the embedded engine until the block ends."""
    if url := os.environ.get("QDRANT_URL"):
        yield url
        return
    from infra.local.qdrant.server import QdrantFace

    face = QdrantFace(state / "qdrant", host=host)
    face.start()
    try:
        yield face.url
    finally:
        face.stop()


def postgres_of(state: Path, host: str = "") -> "Urls":
    """The server that the environment names (infra/compose/compose.yaml says how), or the embedded one."""
    from infra.local.stores import postgres
    from infra.migrations.run import upgrade

    app = os.environ.get("DATABASE_URL")
    if not app:
        return postgres.start(state, host)
    owner, pipeline = os.environ.get("OWNER_DATABASE_URL"), os.environ.get("PIPELINE_DATABASE_URL")
    if owner:
        upgrade(owner)
    return postgres.Urls(owner or app, app, pipeline or app)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """What is set for one state folder must not look, to the next, like somebody's own servers."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _published(file: Path, environment: dict[str, str]) -> Iterator[None]:
    """For `reached_system` of other processes; what a killed one left is of no use to anybody, for the lock is free."""
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(environment))
    unfinished.chmod(0o600)  # passwords, though of this machine only
    unfinished.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _is_in_use(state: Path) -> bool:
    state.mkdir(parents=True, exist_ok=True)
    with (state / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@contextmanager
def _only_one(state: Path) -> Iterator[None]:
    """Held by the operating system: whatever kills the process frees the folder."""
    with (state / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            give_up(f"{state} is in use by another `twin` process: stop that one, or choose another with --state")
        yield
