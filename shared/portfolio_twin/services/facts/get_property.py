"""A property as it is stored, and where the live model draws it."""

import logging
from functools import partial

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.properties import FieldConfidence, PropertyFeatures
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.browse.read_atlas import Place, place_of

logger = logging.getLogger(__name__)


class StoredListing(BaseModel):
    property_id: str = Field(examples=["HV-00231"])
    property: PropertyFeatures = Field(description="null where a field is not known")
    field_confidence: FieldConfidence = Field(description="0..1, how far each field can be trusted, where it is known")
    place: Place | None = Field(description="in the atlas of this model; null where there is none, or no model")
    model_version: str | None = Field(description="null where no model can be read now")


def get_property(tenant: Tenant, property_id: str) -> StoredListing:
    """Raises NotFound when this tenant has no such property."""
    features, trust = tenant.read(partial(_stored, property_id))
    try:
        twin = tenant.twin()
        place, version = place_of(tenant, twin, property_id, features), twin.version
    except Unavailable as error:
        logger.warning("answered without its place: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        place, version = None, None
    return StoredListing(
        property_id=property_id, property=features, field_confidence=trust, place=place, model_version=version
    )


def _stored(property_id: str, session: TenantSession) -> tuple[PropertyFeatures, FieldConfidence]:
    repository = PropertyRepository(session)
    return repository.get(property_id), repository.field_confidence(property_id)
