"""A person's right to be forgotten: rows and points at once, and what is learnt from now on knows them no more.

Snapshots and bundles are immutable: those made before keep what they were made from until the pipeline drops them, as
neither live nor the version before, and old enough (`services/drop_versions.py`).
"""

import logging
from collections.abc import Sequence

from pydantic import BaseModel, Field

from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.property_points import refresh_activity

logger = logging.getLogger(__name__)


class ErasedInvestor(BaseModel):
    user_id: int
    interactions: int = Field(description="rows erased")
    points: int = Field(description="erased from the index")
    index_updated: bool = Field(description="false: the next reindex erases what the index still holds")
    still_in: list[str] = Field(description="models that may have learnt from them, until the pipeline drops them")


def erase_investor(tenant: Tenant, user_id: int) -> ErasedInvestor:
    """Raises NotFound for one who is not known; the tenant learns again in the next run, whatever else is new."""
    with tenant.session() as session:
        interactions, property_ids = InteractionRepository(session).erase_investor(user_id)
        session.commit()
    versions, points, updated = tenant.bucket.models.versions(), 0, True
    try:
        points = tenant.stores.index.all_versions_of(tenant.tenant_id).erase_investor(user_id, versions)
        _refresh(tenant, property_ids)
    except Unavailable as error:
        updated = False
        logger.warning("erased but still indexed: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
    return ErasedInvestor(
        user_id=user_id, interactions=interactions, points=points, index_updated=updated, still_in=versions
    )


def _refresh(tenant: Tenant, property_ids: Sequence[str]) -> None:
    """How much goes on around these properties, which counted the person as well."""
    twin = tenant.twin(fresh=True)
    with tenant.session() as session:
        refresh_activity(tenant, twin, session, property_ids)
