"""A property as it is now: stored, and indexed at once, so that the next request finds it."""

import logging
from uuid import UUID

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.repositories import PropertyRepository
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.domain.criteria import STRICT
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.answers.give_reasons import known_fields

logger = logging.getLogger(__name__)


class PutPropertyRequest(BaseModel):
    model_config = STRICT

    property: PropertyFeatures


class StoredProperty(BaseModel):
    property_id: str
    indexed: bool = Field(description="false: stored, and found after the next reindex")
    model_version: str | None


def put_property(
    models: LiveModels,
    index: VectorIndex,
    database: Database,
    tenant: UUID,
    property_id: str,
    request: PutPropertyRequest,
) -> StoredProperty:
    """Replaces the property, or makes it."""
    with database.tenant_session(tenant) as session:
        PropertyRepository(session).put(property_id, request.property)
        session.commit()
    try:
        twin = models.current(tenant, fresh=True)
        row = known_fields(request.property)
        vector = twin.embed(Catalogue.from_rows([property_id], [row]))
        index.upsert_properties(tenant, twin.version, [property_id], vector, [row])
    except Unavailable as error:
        logger.warning("stored but not indexed: %s", error, extra={"tenant_id": str(tenant)})
        return StoredProperty(property_id=property_id, indexed=False, model_version=None)
    return StoredProperty(property_id=property_id, indexed=True, model_version=twin.version)
