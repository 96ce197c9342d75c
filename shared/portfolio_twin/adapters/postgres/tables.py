"""The facts as tables. What they look like in PostgreSQL, with row-level security and roles, is in infra/migrations.

`tenant_id` comes first in every key and foreign key: one without it would look past row-level security.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from portfolio_twin.domain.properties import NUMERIC_INPUTS, TEXT_COLUMNS

NUMERIC_TYPES = {"year_built": sa.Integer, "renovation_needed": sa.Boolean}  # every other numeric input is a double
BYTE_ORDER = "C"  # ids sort in Python as they do in the index, whatever the server's locale

metadata = sa.MetaData()


def _key(name: str, kind: Any) -> "sa.Column[Any]":
    return sa.Column(name, kind, primary_key=True, autoincrement=False)


def _moment(name: str) -> "sa.Column[Any]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now())


def _refers_to(name: str, table: str, *keys: str, ondelete: str | None = "CASCADE") -> sa.ForeignKeyConstraint:
    """By columns of the same names."""
    return sa.ForeignKeyConstraint(keys, [f"{table}.{key}" for key in keys], name=name, ondelete=ondelete)


tenants = sa.Table(
    "tenants",
    metadata,
    _key("tenant_id", sa.Uuid),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    _moment("created_at"),
    sa.Column("erased_at", sa.DateTime(timezone=True)),  # when a person was last erased
)

properties = sa.Table(
    "properties",
    metadata,
    _key("tenant_id", sa.Uuid),
    _key("property_id", sa.Text(collation=BYTE_ORDER)),
    *(sa.Column(name, NUMERIC_TYPES.get(name, sa.Double)) for name in NUMERIC_INPUTS),
    *(sa.Column(name, sa.Text) for name in TEXT_COLUMNS),
    sa.Column("attributes", JSONB, nullable=False, server_default="{}"),
    _moment("updated_at"),
    _refers_to("properties_tenant_fkey", "tenants", "tenant_id"),
    sa.Index("properties_changed", "tenant_id", "updated_at"),
)

# A row says how far a field can be trusted, and on whose word. Where its source does not say how far, there is no row:
# `properties.source_system` tells whose word it is.
field_provenance = sa.Table(
    "field_provenance",
    metadata,
    _key("tenant_id", sa.Uuid),
    _key("property_id", sa.Text(collation=BYTE_ORDER)),
    _key("field", sa.Text),
    sa.Column("source_system", sa.Text),
    sa.Column("confidence", sa.Double),
    _moment("observed_at"),
    _refers_to("field_provenance_property_fkey", "properties", "tenant_id", "property_id"),
)

users = sa.Table(
    "users",
    metadata,
    _key("tenant_id", sa.Uuid),
    _key("user_id", sa.BigInteger),
    _moment("created_at"),
    _refers_to("users_tenant_fkey", "tenants", "tenant_id"),
)

interactions = sa.Table(
    "interactions",
    metadata,
    _key("tenant_id", sa.Uuid),
    _key("event_id", sa.Uuid),
    sa.Column("user_id", sa.BigInteger, nullable=False),
    sa.Column("property_id", sa.Text(collation=BYTE_ORDER), nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("because", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("idempotency_key", sa.Text),
    _moment("recorded_at"),
    _refers_to("interactions_user_fkey", "users", "tenant_id", "user_id"),
    _refers_to("interactions_property_fkey", "properties", "tenant_id", "property_id", ondelete=None),
    sa.Index("interactions_of_user", "tenant_id", "user_id", "occurred_at"),
    sa.Index("interactions_recorded", "tenant_id", "recorded_at"),
    sa.Index("interactions_because", "tenant_id", "user_id", postgresql_where=sa.text("because <> '{}'")),
    sa.Index("interactions_of_property", "tenant_id", "property_id", "occurred_at"),
)

# What is read as a property's confidence: the mean of its provenance, when provenance states any.
mean_confidence = sa.func.coalesce(
    sa.select(sa.cast(sa.func.avg(sa.cast(field_provenance.c.confidence, sa.Numeric)), sa.Double))
    .where(
        field_provenance.c.tenant_id == properties.c.tenant_id,
        field_provenance.c.property_id == properties.c.property_id,
    )
    .scalar_subquery(),
    properties.c.confidence,
).label("confidence")
