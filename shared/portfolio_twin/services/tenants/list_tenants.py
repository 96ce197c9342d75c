"""All tenants, a page at a time."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from portfolio_twin.adapters.tenant import Stores


class TenantEntry(BaseModel):
    tenant_id: UUID
    name: str
    created_at: datetime


class Tenants(BaseModel):
    tenants: list[TenantEntry] = Field(description="by id")
    cursor: UUID | None = Field(description="of the next page; null: this was the last")


def list_tenants(stores: Stores, cursor: UUID | None, limit: int) -> Tenants:
    rows = stores.database.tenants_after(cursor, limit)
    entries = [TenantEntry(tenant_id=row.tenant_id, name=row.name, created_at=row.created_at) for row in rows]
    return Tenants(tenants=entries, cursor=entries[-1].tenant_id if len(entries) == limit else None)
