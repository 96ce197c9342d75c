"""A new tenant, with nothing in it yet."""

from typing import Annotated
from uuid import UUID, uuid5

from pydantic import AfterValidator, BaseModel, Field

from portfolio_twin.adapters.postgres.tenant_rows import add_tenant as add_row
from portfolio_twin.adapters.postgres.tenant_rows import tenant_name
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.errors import TenantExists

NAMES = UUID("b1d0a9f6-57a5-4c7e-8f2b-93f6f0f0c3aa")  # the same name makes the same tenant, wherever it is made
NAME_LENGTH = 200


def tenant_id_of(name: str) -> UUID:
    """Raises ValueError for a name that cannot be printed."""
    if not name.strip() or not name.isprintable() or len(name) > NAME_LENGTH:
        raise ValueError(f"a tenant's name has 1 to {NAME_LENGTH} characters that can be printed")
    return uuid5(NAMES, name)


def _printable(name: str) -> str:
    tenant_id_of(name)
    return name


class TenantRequest(Strict):
    name: Annotated[str, AfterValidator(_printable)]
    tenant_id: UUID | None = Field(None, strict=False, description="default: made from the name")


class NewTenant(BaseModel):
    tenant_id: UUID
    name: str
    created: bool = Field(description="false: it was there already")


def add_tenant(stores: Stores, request: TenantRequest) -> NewTenant:
    """Again changes nothing; raises TenantExists where its name or its id is another tenant's."""
    tenant_id = request.tenant_id or tenant_id_of(request.name)
    with stores.of(tenant_id).session() as session:
        created = add_row(session, request.name)
        stored = tenant_name(session)
        session.commit()
    if stored is None:
        raise TenantExists("another tenant has this name")
    if stored != request.name:
        raise TenantExists("another tenant has this id")
    return NewTenant(tenant_id=tenant_id, name=stored, created=created)
