"""Whether the index now holds this version whole; what it holds of properties and people that have gone is dropped."""

from portfolio_twin.adapters.postgres.copy_reads import copy_property_ids, copy_user_ids
from portfolio_twin.errors import IndexIncomplete
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.pipeline.run import Run

PRESENT_AT_LEAST = 0.95  # share of the properties


def verify_index(run: Run, started_at: str) -> dict[str, int]:
    """The points counted; raises IndexIncomplete."""
    indexed, investors = set(run.index.property_ids()), set(run.index.user_ids())
    with run.tenant.session() as session:  # after the index: what is put meanwhile must not look gone
        facts, known = copy_property_ids(session), copy_user_ids(session)
    present = len(facts & indexed)
    if present < PRESENT_AT_LEAST * len(facts):
        raise IndexIncomplete(f"{present} of {len(facts)} properties are in the index")
    run.index.delete_properties(indexed - facts)
    run.index.delete_users(investors - known)
    if facts and not run.index.search(normalise(run.twin().market_taste), limit=1):
        raise IndexIncomplete("a search finds nothing")
    run.tenant.bucket.runs.write_indexed_until(run.version, started_at)
    return {"properties": present, "users": run.index.count("users")}
