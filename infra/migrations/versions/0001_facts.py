"""Tenants, properties, field provenance, users, interactions; row-level security, roles, app.set_tenant.

Run it as a role that owns the database and may create roles; it needs no superuser, so it runs on RDS as well.
"""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# FORCE holds the owner to the policies too. After a pooled connection's first transaction the tenant is '': nullif.
TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::uuid)"
TABLES = ("tenants", "properties", "field_provenance", "users", "interactions")

SCHEMA = """
create table tenants (
    tenant_id uuid primary key,
    name text not null unique check (name <> ''),
    created_at timestamptz not null default now()
);
create table properties (
    tenant_id uuid not null constraint properties_tenant_fkey references tenants on delete cascade,
    property_id text collate "C" not null check (property_id <> ''),
    listing_price double precision,
    price_per_sqft double precision,
    estimated_value double precision,
    cap_rate double precision,
    cash_on_cash_return double precision,
    bedrooms double precision,
    bathrooms double precision,
    square_footage double precision,
    lot_size_sqft double precision,
    year_built integer,
    lat double precision check (lat between -90 and 90),
    lon double precision check (lon between -180 and 180),
    days_on_market double precision,
    condition_score double precision check (condition_score between 0 and 1),
    renovation_needed boolean,
    confidence double precision check (confidence between 0 and 1),
    listing_status text check (listing_status in ('Active', 'Pending', 'Sold', 'Off Market')),
    property_type text check (property_type in ('Single Family', 'Condo', 'Townhouse', 'Multi-Family', 'Land')),
    zipcode text,
    source_system text,
    attributes jsonb not null default '{}' check (jsonb_typeof(attributes) = 'object'),
    updated_at timestamptz not null default now(),
    primary key (tenant_id, property_id)
);
create index properties_changed on properties (tenant_id, updated_at);
create table field_provenance (
    tenant_id uuid not null,
    property_id text collate "C" not null,
    field text not null,
    source_system text,
    confidence double precision check (confidence between 0 and 1),
    observed_at timestamptz not null default now(),
    primary key (tenant_id, property_id, field),
    constraint field_provenance_property_fkey
        foreign key (tenant_id, property_id) references properties on delete cascade
);
create table users (
    tenant_id uuid not null constraint users_tenant_fkey references tenants on delete cascade,
    user_id bigint not null check (user_id >= 0),
    created_at timestamptz not null default now(),
    primary key (tenant_id, user_id)
);
create table interactions (
    tenant_id uuid not null,
    event_id uuid not null,
    user_id bigint not null,
    property_id text collate "C" not null,
    kind text not null check (kind in ('view', 'outreach', 'deal', 'like', 'dislike')),
    occurred_at timestamptz not null,
    idempotency_key text,
    recorded_at timestamptz not null default now(),
    primary key (tenant_id, event_id),
    constraint interactions_user_fkey foreign key (tenant_id, user_id) references users on delete cascade,
    constraint interactions_property_fkey foreign key (tenant_id, property_id) references properties
);
create index interactions_of_user on interactions (tenant_id, user_id, occurred_at);
create index interactions_recorded on interactions (tenant_id, recorded_at);
"""

# Roles belong to the whole server: another database on it may have made them already. They get no password here.
ROLES = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'twin_app') then
        create role twin_app login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'twin_pipeline') then
        create role twin_pipeline login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'twin_lister') then
        create role twin_lister nologin nosuperuser nobypassrls;
    end if;
end $$;
grant twin_app to twin_pipeline;
alter role twin_app set idle_in_transaction_session_timeout = '60s';
"""

# A function, so that the tenant is a bound parameter; local to the transaction, so that a pooled connection forgets it.
SET_TENANT = """
create schema app;
create function app.set_tenant(tenant_id uuid, limit_ms integer default 0) returns void
language sql set search_path = pg_catalog as $$
    select set_config('app.tenant_id', tenant_id::text, true), set_config('statement_timeout', limit_ms::text, true);
$$;
"""

# The one look across tenants. Its owner is a role that can do nothing else and that nobody can become.
LIST_TENANTS = """
create policy listed on tenants for select to twin_lister using (true);
grant usage on schema public, app to twin_lister;
grant select on tenants to twin_lister;
create function app.list_tenants() returns table (tenant_id uuid, name text)
language sql stable security definer set search_path = pg_catalog as $$
    select tenant_id, name from public.tenants;
$$;
revoke execute on function app.list_tenants() from public;
grant execute on function app.list_tenants() to twin_pipeline;
grant create on schema app to twin_lister;
grant twin_lister to current_user with set true;
alter function app.list_tenants() owner to twin_lister;
revoke create on schema app from twin_lister;
revoke twin_lister from current_user;
"""

GRANTS = """
grant usage on schema public, app to twin_app;
grant execute on function app.set_tenant(uuid, integer) to twin_app;
grant select on tenants to twin_app;
grant select, insert, update on properties to twin_app;
grant select, insert, update, delete on field_provenance to twin_app;
grant select, insert on users, interactions to twin_app;
grant insert on tenants to twin_pipeline;
"""


def upgrade() -> None:
    op.execute(SCHEMA)
    op.execute(ROLES)
    op.execute(SET_TENANT)
    for table in TABLES:
        op.execute(f"alter table {table} enable row level security")
        op.execute(f"alter table {table} force row level security")
        mine = f"(tenant_id = {TENANT})"
        op.execute(f"create policy own_tenant on {table} using {mine} with check {mine}")
    op.execute(LIST_TENANTS)
    op.execute(GRANTS)


def downgrade() -> None:
    op.execute("drop table interactions, users, field_provenance, properties, tenants")
    op.execute("drop schema app cascade")
