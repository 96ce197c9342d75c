"""What one step of a pipeline is about: a tenant's branch of an execution, typed once from its event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

from portfolio_twin.adapters.s3.keys import Entry
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.model.bundle.files import unpack
from portfolio_twin.model.twin import ModelKind, Twin
from portfolio_twin.settings import StepSettings

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex


@dataclass(frozen=True)
class Run:
    """One tenant, one version of its model, one execution of a state machine."""

    tenant: Tenant
    version: str
    execution: str = ""  # who holds the tenant's lease
    entry: Entry = "retrain"
    lookback_days: int | None = None
    seed: int = 0
    model_kind: ModelKind = "twin"  # as CheckData decided, or content where a first model was rejected
    snapshot_id: str | None = None  # as PrepareData froze it; None: the tenant's latest
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, stores: Stores, event: Mapping[str, Any]) -> Self:
        snapshot, checked = event.get("snapshot") or {}, event.get("check", {}).get("decision")
        return cls(
            tenant=stores.of(UUID(event["tenant_id"])),
            version=event["version"],
            execution=event.get("execution", ""),
            entry=event.get("entry", "retrain"),
            lookback_days=event.get("lookback_days"),
            seed=int(event.get("training", {}).get("seed") or 0),
            model_kind=snapshot.get("model_kind") or ("content" if checked == "content" else "twin"),
            snapshot_id=snapshot.get("snapshot_id"),
        )

    def hold_lease(self) -> bool:
        """Takes the tenant's lease for this execution, or renews it; False while another one has it."""
        return self.tenant.bucket.lease.acquire(self.execution, self.settings.lease_seconds)

    @property
    def settings(self) -> StepSettings:
        settings = self.tenant.stores.settings
        if not isinstance(settings, StepSettings):
            raise TypeError("a run is for the steps of the pipelines: these are the settings of another function")
        return settings

    def twin(self) -> Twin:
        """The published model; raises ModelNotFound, BundleRejected."""
        return _published(self.tenant, self.version)

    @property
    def index(self) -> "TenantIndex":
        return self.tenant.index(self.version)


@lru_cache(maxsize=2)  # a bundle never changes, and a warm function indexes shard after shard of the same one
def _published(tenant: Tenant, version: str) -> Twin:
    return unpack(tenant.bucket.models.fetch(version), tenant.tenant_id, version)
