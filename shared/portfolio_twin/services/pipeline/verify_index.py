"""Whether the index now holds this version whole; what it holds of properties that have gone is dropped."""

from uuid import UUID

from portfolio_twin.adapters.postgres.copy_reads import copy_property_ids
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import IndexIncomplete
from portfolio_twin.model.encoder import normalise
from portfolio_twin.services.pipeline.index_properties import load_twin, note_indexed

PRESENT_AT_LEAST = 0.95  # share of the properties


def verify_index(
    database: Database, index: VectorIndex, registry: Registry, tenant: UUID, version: str, started_at: str
) -> dict[str, int]:
    """The points counted; raises IndexIncomplete."""
    indexed = set(index.property_ids(tenant, version))  # before the facts: what is put meanwhile must not look gone
    with database.tenant_session(tenant) as session:
        facts = copy_property_ids(session)
    present = len(facts & indexed)
    if present < PRESENT_AT_LEAST * len(facts):
        raise IndexIncomplete(f"{present} of {len(facts)} properties are in the index")
    index.delete_properties(tenant, version, indexed - facts)
    twin = load_twin(registry, tenant, version)
    if facts and not index.search(tenant, version, normalise(twin.market_taste), limit=1):
        raise IndexIncomplete("a search finds nothing")
    note_indexed(registry, tenant, version, started_at)
    return {"properties": present, "users": index.count(tenant, version, "users")}
