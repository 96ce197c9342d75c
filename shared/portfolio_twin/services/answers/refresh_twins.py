"""Feedback in the very next answer: the investors' vectors anew, if everything needed for it is up."""

import logging
from collections.abc import Collection
from uuid import UUID

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.answers.user_vectors import refresh_users

logger = logging.getLogger(__name__)


def refresh_twins(
    models: LiveModels, index: VectorIndex, database: Database, tenant: UUID, user_ids: Collection[int]
) -> bool:
    """Whether the index now knows; what it misses, the next reindex makes good."""
    try:
        refresh_users(models.current(tenant, fresh=True), database, index, tenant, user_ids)
    except Unavailable as error:
        logger.warning("stored but not yet in the twin: %s", error, extra={"tenant_id": str(tenant)})
        return False
    return True
