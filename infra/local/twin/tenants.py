"""Tenants by the name that a person types."""

from uuid import UUID

import typer

from portfolio_twin.adapters.postgres.database import Database


def tenants_by_name(database: Database) -> dict[str, UUID]:
    return {tenant.name: tenant.tenant_id for tenant in database.list_tenants()}


def tenant_of(database: Database, name: str) -> UUID:
    known = tenants_by_name(database)
    found = known.get(name) or next((t for t in known.values() if str(t) == name), None)
    if found is None:
        raise typer.BadParameter(f"no tenant {name!r}; there are: {', '.join(known) or 'none yet, import one first'}")
    return found
