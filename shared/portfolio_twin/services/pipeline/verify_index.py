"""Whether the index now holds this version whole; what it holds of properties that have gone is dropped."""

from portfolio_twin.adapters.postgres.copy_reads import copy_property_ids
from portfolio_twin.errors import IndexIncomplete
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.pipeline.run import Run

PRESENT_AT_LEAST = 0.95  # share of the properties


def verify_index(run: Run, started_at: str) -> dict[str, int]:
    """The points counted; raises IndexIncomplete."""
    indexed = set(run.index.property_ids())  # before the facts: what is put meanwhile must not look gone
    with run.tenant.session() as session:
        facts = copy_property_ids(session)
    present = len(facts & indexed)
    if present < PRESENT_AT_LEAST * len(facts):
        raise IndexIncomplete(f"{present} of {len(facts)} properties are in the index")
    run.index.delete_properties(indexed - facts)
    if facts and not run.index.search(normalise(run.twin().market_taste), limit=1):
        raise IndexIncomplete("a search finds nothing")
    run.tenant.bucket.runs.write_indexed_until(run.version, started_at)
    return {"properties": present, "users": run.index.count("users")}
