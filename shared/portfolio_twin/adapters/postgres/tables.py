"""The facts as tables. What they look like in PostgreSQL, with row-level security and roles, is in infra/migrations.

`tenant_id` comes first in every key and foreign key: one without it would look past row-level security.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    cast,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB

from portfolio_twin.domain.properties import CATEGORICAL_INPUTS, LABELS, NUMERIC_INPUTS

NOW = func.now()
NUMERIC_TYPES = {"year_built": Integer, "renovation_needed": Boolean}  # every other numeric input is a double
# A row of field_provenance says how far a field can be trusted, and on whose word. Where its source does not say how
# far, there is no row: `properties.source_system` tells whose word it is.
PROVENANCE_FIELDS = tuple(
    name for name in (*NUMERIC_INPUTS, *CATEGORICAL_INPUTS, *LABELS) if name not in ("confidence", "source_system")
)
BYTE_ORDER = "C"  # ids sort in Python as they do in the index, whatever the server's locale

metadata = MetaData()

tenants = Table(
    "tenants",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
)

properties = Table(
    "properties",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("property_id", Text(collation=BYTE_ORDER), primary_key=True),
    *(Column(name, NUMERIC_TYPES.get(name, Double)) for name in NUMERIC_INPUTS),
    *(Column(name, Text) for name in (*CATEGORICAL_INPUTS, *LABELS)),
    Column("attributes", JSONB, nullable=False, server_default="{}"),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="properties_tenant_fkey", ondelete="CASCADE"),
    Index("properties_changed", "tenant_id", "updated_at"),
)

field_provenance = Table(
    "field_provenance",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("property_id", Text(collation=BYTE_ORDER), primary_key=True),
    Column("field", Text, primary_key=True),
    Column("source_system", Text),
    Column("confidence", Double),
    Column("observed_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    ForeignKeyConstraint(
        ["tenant_id", "property_id"],
        ["properties.tenant_id", "properties.property_id"],
        name="field_provenance_property_fkey",
        ondelete="CASCADE",
    ),
)

users = Table(
    "users",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("user_id", BigInteger, primary_key=True, autoincrement=False),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    ForeignKeyConstraint(["tenant_id"], ["tenants.tenant_id"], name="users_tenant_fkey", ondelete="CASCADE"),
)

interactions = Table(
    "interactions",
    metadata,
    Column("tenant_id", Uuid, primary_key=True),
    Column("event_id", Uuid, primary_key=True),
    Column("user_id", BigInteger, nullable=False),
    Column("property_id", Text(collation=BYTE_ORDER), nullable=False),
    Column("kind", Text, nullable=False),
    Column("occurred_at", DateTime(timezone=True), nullable=False),
    Column("idempotency_key", Text),
    Column("recorded_at", DateTime(timezone=True), nullable=False, server_default=NOW),
    ForeignKeyConstraint(
        ["tenant_id", "user_id"],
        ["users.tenant_id", "users.user_id"],
        name="interactions_user_fkey",
        ondelete="CASCADE",
    ),
    ForeignKeyConstraint(
        ["tenant_id", "property_id"],
        ["properties.tenant_id", "properties.property_id"],
        name="interactions_property_fkey",
    ),
    Index("interactions_of_user", "tenant_id", "user_id", "occurred_at"),
    Index("interactions_recorded", "tenant_id", "recorded_at"),
)

# What is read as a property's confidence: the mean of its provenance, when provenance states any.
mean_confidence = func.coalesce(
    select(cast(func.avg(cast(field_provenance.c.confidence, Numeric)), Double))
    .where(
        field_provenance.c.tenant_id == properties.c.tenant_id,
        field_provenance.c.property_id == properties.c.property_id,
    )
    .scalar_subquery(),
    properties.c.confidence,
).label("confidence")
