"""One shard of a tenant's properties or investors, from PostgreSQL into the index; a second time changes nothing."""

from portfolio_twin.adapters.postgres.copy_reads import changed_users, copy_catalogue, user_ids
from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.services.pipeline.plan_index import Shard
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.services.property_points import index_properties
from portfolio_twin.services.user_points import index_investors

USERS_AT_ONCE = 500  # whose properties, with all their fields, are in memory together


def index_shard(run: Run, shard: Shard) -> int:
    """How many points it stored."""
    with run.tenant.session() as session:
        store = _index_properties if shard.kind == "properties" else _index_users
        return store(run, shard, session)


def _index_properties(run: Run, shard: Shard, session: TenantSession) -> int:
    catalogue = copy_catalogue(session, after=shard.after, until=shard.until, changed_since=shard.since)
    if len(catalogue):
        index_properties(run.tenant, run.twin(), session, catalogue)
    return len(catalogue)


def _index_users(run: Run, shard: Shard, session: TenantSession) -> int:
    users = user_ids(session, shard.after, shard.until)
    changed = set(changed_users(session, shard.since)) if shard.since else set(users)
    due = [user for user in users if user in changed]
    parts = (due[start : start + USERS_AT_ONCE] for start in range(0, len(due), USERS_AT_ONCE))
    return sum(index_investors(run.index, run.twin(), session, part) for part in parts)
