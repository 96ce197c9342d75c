"""Tenants and persons can be erased, by functions alone; all tenants are listed by pages, with how much is new of each.

`twin_eraser` owns the two functions that delete: nobody can become it, and row-level security holds it to one tenant.
"""

from alembic import op

revision = "0005"
down_revision = "0003"
branch_labels = None
depends_on = None

# Without it each property that goes is looked up among all interactions of its tenant, those just deleted included.
PROPERTY_INDEX = "create index interactions_of_property on interactions (tenant_id, property_id, occurred_at)"

ERASED_AT = "alter table tenants add column erased_at timestamptz"  # when a person was last erased: learn again

ERASER = """
do $$
begin
    if not exists (select from pg_roles where rolname = 'twin_eraser') then
        create role twin_eraser nologin nosuperuser nobypassrls;
    end if;
end $$;
grant usage on schema public, app to twin_eraser;
grant select, delete on tenants, properties, field_provenance, users, interactions to twin_eraser;
grant update (erased_at) on tenants to twin_eraser;
"""

# So many rows at a time that a call ends in time; the tenant's own row is the last of all.
ERASE_TENANT = """
create function app.erase_tenant(at_most integer) returns table (erased text, row_count bigint)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    still bigint := at_most;
begin
    foreach erased in array array['interactions', 'users', 'field_provenance', 'properties', 'tenants'] loop
        execute format(
            'delete from public.%1$I where ctid = any (array('
            'select ctid from public.%1$I where tenant_id = $1 limit $2))', erased
        ) using mine, still;
        get diagnostics row_count = row_count;
        return next;
        still := still - row_count;
        exit when still <= 0;
    end loop;
end $$;
"""

ERASE_INVESTOR = """
create function app.erase_investor(who bigint) returns bigint
language plpgsql security definer set search_path = pg_catalog as $$
declare
    mine uuid := nullif(current_setting('app.tenant_id', true), '')::uuid;
    erased bigint;
begin
    delete from public.interactions where tenant_id = mine and user_id = who;
    get diagnostics erased = row_count;
    delete from public.users where tenant_id = mine and user_id = who;
    if found then
        update public.tenants set erased_at = now() where tenant_id = mine;
        return erased;
    end if;
    return null;
end $$;
"""

TENANTS_AFTER = """
create function app.tenants_after(after uuid, at_most integer)
returns table (tenant_id uuid, name text, created_at timestamptz, erased_at timestamptz)
language sql stable security definer set search_path = pg_catalog as $$
    select tenant_id, name, created_at, erased_at from public.tenants
    where after is null or tenant_id > after order by tenant_id limit at_most;
$$;
"""

# Counts no further than it has to: at most so many entries of an index for each tenant.
NEW_EVENTS = """
create policy counted on interactions for select to twin_lister using (true);
grant select (tenant_id, recorded_at) on interactions to twin_lister;
create function app.new_events(tenants uuid[], since timestamptz[], at_most integer)
returns table (tenant_id uuid, events bigint)
language sql stable security definer set search_path = pg_catalog as $$
    select given.tenant_id, counted.events
    from unnest(tenants, since) as given (tenant_id, since)
    cross join lateral (
        select count(*) as events from (
            select from public.interactions i
            where i.tenant_id = given.tenant_id and i.recorded_at >= given.since limit at_most
        ) as found
    ) as counted;
$$;
"""

OWNERS = {
    "app.erase_tenant(integer)": ("twin_eraser", "twin_pipeline"),
    "app.erase_investor(bigint)": ("twin_eraser", "twin_app"),
    "app.tenants_after(uuid, integer)": ("twin_lister", "twin_pipeline"),
    "app.new_events(uuid[], timestamptz[], integer)": ("twin_lister", "twin_pipeline"),
}


def upgrade() -> None:
    for statement in (PROPERTY_INDEX, ERASED_AT, ERASER, ERASE_TENANT, ERASE_INVESTOR, TENANTS_AFTER, NEW_EVENTS):
        op.execute(statement)
    for owner in ("twin_eraser", "twin_lister"):
        op.execute(f"grant create on schema app to {owner}; grant {owner} to current_user with set true")
    for function, (owner, caller) in OWNERS.items():
        op.execute(f"revoke execute on function {function} from public")
        op.execute(f"grant execute on function {function} to {caller}")
        op.execute(f"alter function {function} owner to {owner}")
    for owner in ("twin_eraser", "twin_lister"):
        op.execute(f"revoke create on schema app from {owner}; revoke {owner} from current_user")


def downgrade() -> None:
    for function in OWNERS:
        op.execute(f"drop function {function}")
    op.execute("drop policy counted on interactions")
    op.execute("revoke select (tenant_id, recorded_at) on interactions from twin_lister")
    op.execute("revoke all on tenants, properties, field_provenance, users, interactions from twin_eraser")
    op.execute("revoke usage on schema public, app from twin_eraser")
    op.execute("alter table tenants drop column erased_at")
    op.execute("drop index interactions_of_property")
