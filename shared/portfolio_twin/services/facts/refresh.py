"""Feedback in the very next answer: the index brought up to the facts, for those whom they are about."""

import logging
from collections.abc import Collection, Sequence

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.property_points import refresh_activity
from portfolio_twin.services.user_points import refresh_twins

logger = logging.getLogger(__name__)


def refresh(tenant: Tenant, users: Collection[int], property_ids: Sequence[str]) -> bool:
    """Whether the index now has it; what it misses, the next reindex makes good."""
    try:
        twin = tenant.twin(fresh=True)
        with tenant.session() as session:
            refresh_activity(tenant, twin, session, property_ids)
            refresh_twins(tenant, twin, session, users)
    except Unavailable as error:
        logger.warning("stored but not yet in the twin: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        return False
    return True
