"""A tenant's own row, and all of its rows at once: made, counted, erased."""

from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.tables import interactions, metadata, properties, tenants

ERASE = text("select erased, row_count from app.erase_tenant(:at_most)")


def add_tenant(session: TenantSession, name: str) -> bool:
    """False where there is one of this id or of this name."""
    row = {"tenant_id": session.tenant_id, "name": name}
    return bool(session.execute(insert(tenants).values(row).on_conflict_do_nothing()).rowcount)


def tenant_name(session: TenantSession) -> str | None:
    """None where there is no such tenant."""
    name: str | None = session.execute(select(tenants.c.name)).scalar_one_or_none()
    return name


def count_rows(session: TenantSession) -> int:
    """Of all tables."""
    counts = [select(func.count()).select_from(table).scalar_subquery() for table in metadata.tables.values()]
    return sum(session.execute(select(*counts)).one())


def has_more_rows(session: TenantSession, than: int) -> bool:
    """Properties and interactions together; counted no further than that."""
    counts = [
        select(func.count()).select_from(select(1).select_from(table).limit(than + 1).subquery()).scalar_subquery()
        for table in (properties, interactions)
    ]
    rows: int = sum(session.execute(select(*counts)).one())
    return rows > than


def erase_rows(session: TenantSession, at_most: int) -> dict[str, int]:
    """How many of which table, the tenant's own row last; nothing more when they are fewer than `at_most`."""
    return {row.erased: row.row_count for row in session.execute(ERASE, {"at_most": at_most}) if row.row_count}
