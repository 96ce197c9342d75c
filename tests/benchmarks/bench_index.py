"""Indexing 10 000 properties, from PostgreSQL through the tower into Qdrant's engine over HTTP."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from infra.local.system import LocalSystem, local_system
from portfolio_twin.adapters.postgres.copy_writes import store_catalogue
from portfolio_twin.adapters.postgres.tables import tenants
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.domain.properties import NUMERIC_INPUTS
from portfolio_twin.services.pipeline.index_properties import Shard, index_shard, plan_index
from tests.benchmarks.figures import milliseconds, publish
from tests.fakes.twins import small_catalogue, small_twin

PROPERTIES = 10_000
SEARCHES = 300


def main() -> None:
    with TemporaryDirectory() as state, local_system(Path(state)) as system:
        publish("index", _measure(system))


def _measure(system: LocalSystem) -> dict[str, float]:
    catalogue, tenant, database = small_catalogue(PROPERTIES), uuid4(), system.database
    twin = small_twin(catalogue)
    with database.tenant_session(tenant) as session:
        session.execute(insert(tenants).values(tenant_id=tenant, name="bench"))
        store_catalogue(session, catalogue, [*NUMERIC_INPUTS, "property_type", "listing_status", "zipcode"])
        session.commit()
    index = VectorIndex(system.qdrant_url, timeout=30)
    index.ensure_collections()
    seconds, cpu = [], []
    for _ in range(3):
        started, worked = time.perf_counter(), time.process_time()
        plan = plan_index(database, index, system.registry, tenant, twin.version, recreate=True)
        stored = sum(index_shard(database, index, twin, tenant, Shard.of(said)) for said in plan["property_shards"])
        if stored != PROPERTIES:
            raise SystemExit(f"{stored} of {PROPERTIES} properties were indexed")
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    search = milliseconds(lambda: index.search(tenant, twin.version, twin.user_vectors[0], limit=10), SEARCHES)
    get_user = milliseconds(lambda: index.get_user(tenant, twin.version, 1), SEARCHES)
    return {
        "index_10000_properties_s": float(np.median(seconds)),
        "index_10000_properties_cpu_s": float(np.median(cpu)),
        "search_top_10_p50_ms": search["p50_ms"],
        "get_user_p50_ms": get_user["p50_ms"],
    }


if __name__ == "__main__":
    main()
