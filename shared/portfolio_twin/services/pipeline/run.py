"""What one step of a pipeline is about: a tenant's branch of an execution, typed from the state machine's event."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID

from portfolio_twin.adapters.s3.keys import Entry
from portfolio_twin.adapters.tenant import Stores, Tenant


@dataclass(frozen=True)
class Run:
    """One tenant, one version of its model, one execution of a state machine."""

    tenant: Tenant
    version: str
    execution: str = ""  # who holds the tenant's lease
    entry: Entry = "retrain"
    lookback_days: int | None = None
    training: Mapping[str, str] = field(default_factory=dict)  # overrides of TwinConfig as texts, "" for none
    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, stores: Stores, event: Mapping[str, Any]) -> Self:
        return cls(
            tenant=stores.of(UUID(event["tenant_id"])),
            version=event["version"],
            execution=event.get("execution", ""),
            entry=event.get("entry", "retrain"),
            lookback_days=event.get("lookback_days"),
            training=event.get("training", {}),
        )
