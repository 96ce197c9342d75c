"""A property as it is stored."""

from pydantic import BaseModel

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.properties import PropertyFeatures


class PropertyAnswer(BaseModel):
    property_id: str
    property: PropertyFeatures


def get_property(tenant: Tenant, property_id: str) -> PropertyAnswer:
    """Raises NotFound when this tenant has no such property."""
    with tenant.session() as session:
        features = PropertyRepository(session).get(property_id)
    return PropertyAnswer(property_id=property_id, property=features)
