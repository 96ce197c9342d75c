"""A property as it is now: stored, and indexed at once, so that the next request finds it."""

import logging

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.property_points import index_properties

logger = logging.getLogger(__name__)


class PutPropertyRequest(Strict):
    property: PropertyFeatures


class StoredProperty(BaseModel):
    property_id: str
    indexed: bool = Field(description="false: stored, and found after the next reindex")
    model_version: str | None


def put_property(tenant: Tenant, property_id: str, request: PutPropertyRequest) -> StoredProperty:
    """Replaces the property, or makes it."""
    with tenant.session() as session:
        PropertyRepository(session).put(property_id, request.property)
        session.commit()
    try:
        twin = tenant.twin(fresh=True)
        with tenant.session() as session:
            index_properties(tenant, twin, session, Catalogue.of([property_id], [request.property]))
    except Unavailable as error:
        logger.warning("stored but not indexed: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        return StoredProperty(property_id=property_id, indexed=False, model_version=None)
    return StoredProperty(property_id=property_id, indexed=True, model_version=twin.version)
