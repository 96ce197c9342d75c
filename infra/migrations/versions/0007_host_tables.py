"""A host's own tables: two views for the host to replace, or a query for each tenant; the import reads them.

The views are empty until then. They run with the rights of who reads them, so the host grants its tables to
`twin_pipeline`, and its own policies hold there; the import asks for one tenant at a time.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

PROPERTIES = (
    "tenant_id uuid", "property_id text",
    *(f"{name} double precision" for name in (
        "listing_price", "price_per_sqft", "estimated_value", "cap_rate", "cash_on_cash_return", "bedrooms",
        "bathrooms", "square_footage", "lot_size_sqft")),
    "year_built integer", "lat double precision", "lon double precision", "days_on_market double precision",
    "condition_score double precision", "renovation_needed boolean", "confidence double precision",
    *(f"{name} text" for name in ("listing_status", "property_type", "zipcode", "source_system")),
    "attributes jsonb",
)  # fmt: skip
INTERACTIONS = ("tenant_id uuid", "user_id bigint", "property_id text", "kind text", "occurred_at timestamptz")
VIEWS = {"app.host_properties": PROPERTIES, "app.host_interactions": INTERACTIONS}

QUERIES = """
create table app.host_queries (
    tenant_id uuid primary key references tenants on delete cascade,
    properties text,
    interactions text
);
alter table app.host_queries enable row level security;
alter table app.host_queries force row level security;
create policy own_tenant on app.host_queries
    using (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid))
    with check (tenant_id = (select nullif(current_setting('app.tenant_id', true), '')::uuid));
grant select on app.host_queries to twin_pipeline;
"""

# What reads a host's tables writes nothing, whatever a query says. In a function: RDS Proxy pins who sends SET.
READ_ONLY = """
create function app.read_only() returns void
language sql set search_path = pg_catalog as $$
    select set_config('transaction_read_only', 'on', true);
$$;
revoke execute on function app.read_only() from public;
grant execute on function app.read_only() to twin_pipeline;
"""


def upgrade() -> None:
    for view, columns in VIEWS.items():
        empty = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in (one.split(" ", 1) for one in columns))
        op.execute(f"create view {view} with (security_invoker = true) as select {empty} where false")
        op.execute(f"grant select on {view} to twin_pipeline")
    op.execute(QUERIES)
    op.execute(READ_ONLY)


def downgrade() -> None:
    op.execute("drop function app.read_only()")
    op.execute("drop table app.host_queries")
    for view in VIEWS:
        op.execute(f"drop view {view}")
