"""A tenant's properties, one at a time: what the write side of the API stores and looks up."""

import json
from collections.abc import Collection

from sqlalchemy import func, select

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_upsert import STATED_FIELDS, column_types, upsert_properties
from portfolio_twin.adapters.postgres.tables import mean_confidence, properties
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.errors import NotFound

GIVEN_PROPERTIES = f"jsonb_to_recordset(cast(:rows as jsonb)) as s ({column_types()})"


class PropertyRepository:
    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def put(self, property_id: str, features: PropertyFeatures) -> bool:
        """Replaces the property, or makes it; False when it was just so. Raises NotFound for an unknown tenant."""
        rows = json.dumps([{"property_id": property_id} | features.model_dump()])
        statement = upsert_properties(GIVEN_PROPERTIES, STATED_FIELDS, merge=False)
        return bool(self._session.execute(statement, {"tenant_id": self._session.tenant_id, "rows": rows}).scalar_one())

    def get(self, property_id: str) -> PropertyFeatures:
        """Raises NotFound: missing, or another tenant's."""
        stated = [properties.c[name] for name in (*STATED_FIELDS, "attributes") if name != "confidence"]
        query = select(*stated, mean_confidence)
        row = self._session.execute(query.where(properties.c.property_id == property_id)).mappings().one_or_none()
        if row is None:
            raise NotFound("no such property")
        return PropertyFeatures.model_validate(dict(row))

    def existing(self, property_ids: Collection[str]) -> set[str]:
        query = select(properties.c.property_id).where(properties.c.property_id == func.any(list(property_ids)))
        return set(self._session.execute(query).scalars())

    def count(self) -> int:
        return int(self._session.execute(select(func.count()).select_from(properties)).scalar_one())
