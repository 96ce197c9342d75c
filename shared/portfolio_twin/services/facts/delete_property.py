"""A property that is not to be found any more."""

import logging

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import Unavailable

logger = logging.getLogger(__name__)


class DeletedProperty(BaseModel):
    property_id: str
    index_updated: bool = Field(description="false: deleted, and out of the answers after the next reindex")


def delete_property(tenant: Tenant, property_id: str) -> DeletedProperty:
    """Raises NotFound, and PropertyInUse for one that investors have acted on: what they did stays."""
    with tenant.session() as session:
        PropertyRepository(session).delete(property_id)
        session.commit()
    try:
        tenant.index(tenant.twin(fresh=True).version).delete_properties([property_id])
    except Unavailable as error:
        logger.warning("deleted but still indexed: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        return DeletedProperty(property_id=property_id, index_updated=False)
    return DeletedProperty(property_id=property_id, index_updated=True)
