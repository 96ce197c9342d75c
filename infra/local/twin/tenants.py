"""Tenants by the name that a person types."""

from uuid import UUID

import typer

from portfolio_twin.adapters.postgres.database import Database


def tenants_by_name(database: Database) -> dict[str, UUID]:
    return {tenant.name: tenant.tenant_id for tenant in database.list_tenants()}


def tenant_of(database: Database, name: str) -> UUID:
    """By name or id; raises BadParameter with the names that there are."""
    tenants = tenants_by_name(database)
    for tenant_name, tenant_id in tenants.items():
        if name in (tenant_name, str(tenant_id)):
            return tenant_id
    raise typer.BadParameter(f"no tenant {name!r}; there are: {', '.join(tenants) or 'none yet, import one first'}")
