"""What one run of the import is about: a tenant, in one execution of the import machine."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self
from uuid import UUID

from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.settings import ImportSettings

Source = Literal["files", "host_views"]


@dataclass(frozen=True)
class ImportRun:
    tenant: Tenant
    settings: ImportSettings
    execution: str  # who holds the lease
    source: Source = "files"
    skip_bad_rows: bool = False

    @classmethod
    def of(cls, stores: Stores, event: Mapping[str, Any]) -> Self:
        if not isinstance(stores.settings, ImportSettings):
            raise TypeError("an import has settings of its own: these are those of another function")
        return cls(
            tenant=stores.of(UUID(event["tenant_id"])),
            settings=stores.settings,
            execution=event["execution"],
            source=event.get("source", "files"),
            skip_bad_rows=bool(event.get("skip_bad_rows", False)),
        )
