"""IndexShard: one range of a tenant's properties or users."""

from typing import Any
from uuid import UUID

from portfolio_twin.entrypoints import step as steps
from portfolio_twin.services.pipeline.index_properties import Shard, index_shard, load_twin


@steps.observed(facts=True)
def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    tenant = UUID(event["tenant_id"])
    twin = load_twin(steps.registry(), tenant, event["version"])
    indexed = index_shard(steps.database(), steps.vector_index(), twin, tenant, Shard.of(event["shard"]))
    return {"indexed": indexed}
