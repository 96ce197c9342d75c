"""IndexShard: one range of a tenant's properties or users."""

from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import Shard
from portfolio_twin.services.pipeline.run import Run


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    return {"indexed": index_shard(Run.of(stores, event), Shard(**event["shard"]))}
