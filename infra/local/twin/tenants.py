"""Tenants by the name that a person types."""

from urllib.parse import urlencode
from uuid import UUID

import typer

from infra.local.system import LocalSystem
from infra.local.twin.tokens import issue_token
from portfolio_twin.adapters.postgres.database import Database


def tenants_by_name(database: Database) -> dict[str, UUID]:
    return {tenant.name: tenant.tenant_id for tenant in database.list_tenants()}


def links_of(system: LocalSystem, url: str) -> dict[str, str]:
    """By tenant, a link that signs in; a fragment reaches no server and no log."""
    tenants = tenants_by_name(system.database).items()
    return {
        name: f"{url}/#{urlencode({'token': issue_token(system.state, tenant_id), 'tenant': name})}"
        for name, tenant_id in tenants
    }


def tenant_of(database: Database, name: str) -> UUID:
    """By name or id; raises BadParameter with the names that there are."""
    tenants = tenants_by_name(database)
    for tenant_name, tenant_id in tenants.items():
        if name in (tenant_name, str(tenant_id)):
            return tenant_id
    raise typer.BadParameter(f"no tenant {name!r}; there are: {', '.join(tenants) or 'none yet, import one first'}")
