"""A tenant, bound once: all that is stored is reached through `stores.of(tenant_id)`, and nothing without one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

from portfolio_twin.adapters.s3.bucket import Bucket, TenantBucket
from portfolio_twin.adapters.s3.twin_cache import TwinCache
from portfolio_twin.adapters.secrets import qdrant_key, vault
from portfolio_twin.model.twin import Twin
from portfolio_twin.settings import ReadSettings, StepSettings, WriteSettings, from_environment, runtime

if TYPE_CHECKING:
    from portfolio_twin.adapters.postgres.database import Database, TenantSession
    from portfolio_twin.adapters.qdrant.index import TenantIndex, VectorIndex

Answer = TypeVar("Answer")


class Stores:
    """The clients of one process, warm and shared by all its requests.

    Each is made when it is first asked for, its packages imported with it: this is the one lazy border of the package.
    qdrant_client costs 0.7 s of CPU and SQLAlchemy 0.1 s, which whoever needs neither does not pay.
    """

    def __init__(self, settings: ReadSettings) -> None:
        self.settings = settings

    def of(self, tenant_id: UUID) -> "Tenant":
        return Tenant(tenant_id, self)

    def make_clients(self) -> None:
        """All of them, without a connection: for a snapshot that later requests are restored from."""
        _ = self.twins, self.index
        if self.settings.qdrant_secret_arn:
            vault()
        if isinstance(self.settings, WriteSettings):
            _ = self.database

    def close(self) -> None:
        """The connections of those clients that were made."""
        made = vars(self)
        for name in ("index", "database"):
            if name in made:
                made[name].close()

    @cached_property
    def bucket(self) -> Bucket:
        return Bucket(self.settings.bucket, bundle_limit_bytes=self.settings.bundle_limit_bytes)

    @cached_property
    def twins(self) -> TwinCache:
        return TwinCache(self.bucket, self.settings.live_ttl_seconds, self.settings.model_cache_tenants)

    @cached_property
    def index(self) -> "VectorIndex":
        from portfolio_twin.adapters.qdrant.collections import Layout
        from portfolio_twin.adapters.qdrant.index import VectorIndex

        settings = self.settings
        return VectorIndex(
            settings.qdrant_url,
            qdrant_key(settings.qdrant_api_key, settings.qdrant_secret_arn),
            settings.qdrant_timeout_seconds,
            layout=Layout(settings.qdrant_shards, settings.qdrant_replicas, settings.qdrant_on_disk),
            **({"batch_points": settings.index_batch_points} if isinstance(settings, StepSettings) else {}),
        )

    @cached_property
    def database(self) -> "Database":
        """Raises TypeError in a function whose settings name no database."""
        from portfolio_twin.adapters.postgres.database import Database

        if not isinstance(self.settings, WriteSettings):
            raise TypeError("this function was started without the settings of PostgreSQL")
        return Database(self.settings)


_warm: dict[ReadSettings, Stores] = {}


def stores_from_environment(kind: type[ReadSettings]) -> Stores:
    """One set for all functions of a process that have the same settings; raises BadEnvironment."""
    settings = from_environment(kind)
    if settings not in _warm:
        _warm[settings] = Stores(settings)
        if runtime().before_snapshot:
            _warm[settings].make_clients()
    return _warm[settings]


def close_stores(qdrant_url: str) -> None:
    """All sets of this process that speak to a Qdrant which is about to stop."""
    for settings in [settings for settings in _warm if settings.qdrant_url == qdrant_url]:
        _warm.pop(settings).close()


@dataclass(frozen=True)
class Tenant:
    """One tenant's model, index, objects and rows."""

    tenant_id: UUID
    stores: Stores

    def twin(self, *, fresh: bool = False) -> Twin:
        """The live model; raises ModelNotFound, RegistryUnavailable. `fresh`: see `TwinCache.current`."""
        return self.stores.twins.current(self.tenant_id, fresh=fresh)

    def index(self, version: str) -> "TenantIndex":
        return self.stores.index.of(self.tenant_id, version)

    @cached_property
    def bucket(self) -> TenantBucket:
        return self.stores.bucket.of(self.tenant_id)

    def read(self, question: "Callable[[TenantSession], Answer]") -> Answer:
        """As `session`, for what changes nothing: asked once more where the connection broke."""
        return self.stores.database.read(self.tenant_id, question)

    def session(self) -> "AbstractContextManager[TenantSession]":
        """A transaction that sees this tenant's rows; raises DatabaseUnavailable."""
        return self.stores.database.tenant_session(self.tenant_id)
