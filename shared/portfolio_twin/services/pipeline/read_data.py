"""The tenant's facts as the pipeline learns from them."""

from datetime import timedelta
from uuid import UUID

from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue, copy_log
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue


def read_data(database: Database, tenant: UUID, lookback_days: int | None) -> tuple[Catalogue, InteractionLog]:
    """The whole catalogue, and the interactions of the last `lookback_days` (None: all)."""
    lookback = None if lookback_days is None else timedelta(days=lookback_days)
    with database.tenant_session(tenant) as session:
        log = copy_log(session, lookback=lookback)
        catalogue = copy_catalogue(session)  # second, so that it holds every property of the log
    return catalogue, log
