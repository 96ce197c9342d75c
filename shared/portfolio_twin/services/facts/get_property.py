"""A property as it is stored."""

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.properties import FieldConfidence, PropertyFeatures


class PropertyAnswer(BaseModel):
    property_id: str
    property: PropertyFeatures
    field_confidence: FieldConfidence = Field(description="0..1, how far each field can be trusted, where it is known")


def get_property(tenant: Tenant, property_id: str) -> PropertyAnswer:
    """Raises NotFound when this tenant has no such property."""
    with tenant.session() as session:
        repository = PropertyRepository(session)
        features, trust = repository.get(property_id), repository.field_confidence(property_id)
    return PropertyAnswer(property_id=property_id, property=features, field_confidence=trust)
