"""A tenant's properties, one at a time: what the write side of the API stores and looks up."""

import json
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, exists, func, select

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_upsert import STATED_FIELDS, column_types, upsert_properties
from portfolio_twin.adapters.postgres.tables import field_provenance, interactions, mean_confidence, properties
from portfolio_twin.domain.properties import FieldConfidence, PropertyFeatures
from portfolio_twin.errors import NotFound, PropertyInUse

Trust = Mapping[str, FieldConfidence]  # by property
NOTHING_STATED: Trust = {}
GIVEN_PROPERTIES = f"jsonb_to_recordset(cast(:rows as jsonb)) as s ({column_types()})"


class PropertyRepository:
    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def put(self, property_id: str, features: PropertyFeatures) -> bool:
        """Replaces the property, or makes it; False when it was just so. Raises NotFound for an unknown tenant."""
        return bool(self.put_all({property_id: features}))

    def put_all(self, given: Mapping[str, PropertyFeatures], trust: Trust = NOTHING_STATED) -> int:
        """As `put`, for many at once: how many were new or changed; `trust` goes by property and field."""
        return self._upsert(given, trust, STATED_FIELDS, merge=False)

    def patch(
        self, property_id: str, changes: PropertyFeatures, trust: FieldConfidence | None = None
    ) -> PropertyFeatures:
        """Stores the fields that `changes` sets, and gives the property as it is then; raises NotFound."""
        self._lock(property_id)
        fields = tuple(name for name in STATED_FIELDS if name in changes.model_fields_set)
        self._upsert({property_id: changes}, {property_id: trust or {}}, fields, merge=True)
        return self.get(property_id)

    def get(self, property_id: str) -> PropertyFeatures:
        """Raises NotFound: missing, or another tenant's."""
        stated = [properties.c[name] for name in (*STATED_FIELDS, "attributes") if name != "confidence"]
        query = select(*stated, mean_confidence).where(properties.c.property_id == property_id)
        row = self._session.execute(query).mappings().one_or_none()
        if row is None:
            raise NotFound("no such property")
        return PropertyFeatures.model_validate(dict(row))

    def field_confidence(self, property_id: str) -> FieldConfidence:
        """How far each field can be trusted, of those of which that is known."""
        query = select(field_provenance.c.field, field_provenance.c.confidence)
        rows = self._session.execute(query.where(field_provenance.c.property_id == property_id).order_by("field"))
        return {row.field: row.confidence for row in rows}

    def delete(self, property_id: str) -> None:
        """Raises NotFound, and PropertyInUse for one with interactions, which stay for ever."""
        self._lock(property_id)
        if self._session.execute(select(exists().where(interactions.c.property_id == property_id))).scalar_one():
            raise PropertyInUse(
                "investors have acted on it, and what they did stays: say that it is Off Market instead"
            )
        self._session.execute(delete(properties).where(properties.c.property_id == property_id))

    def existing(self, property_ids: Collection[str]) -> set[str]:
        query = select(properties.c.property_id).where(properties.c.property_id == func.any(list(property_ids)))
        return set(self._session.execute(query).scalars())

    def _lock(self, property_id: str) -> None:
        """Until the session ends nobody else changes the property, or acts on it; raises NotFound."""
        query = select(properties.c.property_id).where(properties.c.property_id == property_id).with_for_update()
        if self._session.execute(query).one_or_none() is None:
            raise NotFound("no such property")

    def _upsert(
        self, given: Mapping[str, PropertyFeatures], trust: Trust, fields: Sequence[str], *, merge: bool
    ) -> int:
        rows = [
            {"property_id": name, "field_confidence": trust.get(name, {})} | features.model_dump()
            for name, features in given.items()
        ]
        values = {"tenant_id": self._session.tenant_id, "rows": json.dumps(rows)}
        return int(self._session.execute(upsert_properties(GIVEN_PROPERTIES, fields, merge=merge), values).scalar_one())

    def count(self) -> int:
        return int(self._session.execute(select(func.count()).select_from(properties)).scalar_one())
