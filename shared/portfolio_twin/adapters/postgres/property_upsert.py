"""One statement that stores properties and whose word their fields rest on, and touches only what really changes."""

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import TextClause, text
from sqlalchemy.dialects import postgresql

from portfolio_twin.adapters.postgres.tables import properties
from portfolio_twin.domain.properties import PROVENANCE_FIELDS

DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped
STAGED_COLUMNS = tuple(column.name for column in properties.c if column.name not in ("tenant_id", "updated_at"))
STATED_FIELDS = tuple(name for name in STAGED_COLUMNS if name not in ("property_id", "attributes"))


def column_types() -> str:
    """`property_id TEXT, listing_price DOUBLE PRECISION, …`: a row of `properties` as it is given.

    `field_confidence` is null where nobody asks for each field; there the property's own confidence is that of each.
    """
    types = [f"{name} {properties.c[name].type.compile(DIALECT)}" for name in STAGED_COLUMNS]
    return ", ".join([*types, "field_confidence jsonb"])


@lru_cache(maxsize=100)  # a change names any of the fields
def upsert_properties(source: str, fields: Sequence[str], *, merge: bool) -> TextClause:
    """Stores the rows of `source` (SQL, named s) for :tenant_id; answers with how many were new or changed.

    Only `fields` are touched. `merge`: attributes that are not given stay; otherwise they go.
    """
    old = "coalesce(p.attributes, '{}') || s.attributes" if merge else "s.attributes"
    names = (*fields, "attributes")
    columns = ", ".join(names)
    stated = ", ".join(f"('{name}', {name} is not null)" for name in fields if name in PROVENANCE_FIELDS)
    source_system, confidence = (name if name in fields else "null" for name in ("source_system", "confidence"))
    return text(f"""
    with tenant as (
        select cast(:tenant_id as uuid) as tenant_id
    ), given as (
        select t.tenant_id, s.property_id, {"".join(f"s.{name}, " for name in fields)}
            jsonb_strip_nulls({old}) as attributes, s.field_confidence
        from tenant as t cross join {source} left join properties as p using (tenant_id, property_id)
    ), stated as (
        select tenant_id, property_id, field, cast({source_system} as text) as source_system,
            case when filled then coalesce(cast(field_confidence ->> field as double precision), {confidence})
                end as confidence
        from given cross join lateral (values {stated or "('', false)"}) as stated (field, filled)
    ), restated as (
        select stated.property_id from stated join given using (property_id)
        left join field_provenance as v
            on (v.tenant_id, v.property_id, v.field) = (stated.tenant_id, stated.property_id, stated.field)
        where given.field_confidence is not null and v.confidence is distinct from stated.confidence
    ), changed as (
        insert into properties as p (tenant_id, property_id, {columns})
        select tenant_id, property_id, {columns} from given order by property_id
        on conflict (tenant_id, property_id) do update
        set {", ".join(f"{name} = excluded.{name}" for name in names)}, updated_at = now()
        where ({", ".join(f"p.{name}" for name in names)}) is distinct from
            ({", ".join(f"excluded.{name}" for name in names)})
            or p.property_id in (select property_id from restated)
        returning p.property_id
    ), sourced as (
        select stated.* from stated join changed using (property_id)
    ), kept as (
        insert into field_provenance (tenant_id, property_id, field, source_system, confidence)
        select tenant_id, property_id, field, source_system, confidence from sourced where confidence is not null
        on conflict (tenant_id, property_id, field) do update
        set source_system = excluded.source_system, confidence = excluded.confidence, observed_at = now()
    ), dropped as (
        delete from field_provenance as v using sourced as s
        where (v.tenant_id, v.property_id, v.field) = (s.tenant_id, s.property_id, s.field)
            and s.confidence is null
    )
    select count(*) from changed
    """)  # noqa: S608  # made of this module's own words and the names of columns
