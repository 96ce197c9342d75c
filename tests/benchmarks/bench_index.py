"""Indexing 10 000 properties, from PostgreSQL through the tower into Qdrant's engine over HTTP."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from infra.local.system import LocalSystem, local_system
from portfolio_twin.adapters.postgres.tables import tenants
from portfolio_twin.model.bundle.files import Provenance, pack
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import check_index, plan_index
from portfolio_twin.services.pipeline.run import Run
from tests.benchmarks.measure.clock import milliseconds
from tests.benchmarks.measure.figures import publish
from tests.fakes.twins import small_catalogue, small_twin
from tests.integration.fixtures.database import store

PROPERTIES = 10_000
SEARCHES = 300


def main() -> None:
    with TemporaryDirectory() as state, local_system(Path(state)) as system:
        publish("index", _measure(system))


def _measure(system: LocalSystem) -> dict[str, float]:
    catalogue, tenant = small_catalogue(PROPERTIES), system.tenant(uuid4())
    twin = small_twin(catalogue)
    with tenant.session() as session:
        session.execute(insert(tenants).values(tenant_id=tenant.tenant_id, name="bench"))
        store(session, catalogue)
        session.commit()
    provenance = Provenance(tenant.tenant_id, {"id": "s"}, None, {}, "bench")
    tenant.bucket.models.publish(twin.version, pack(twin, provenance, catalogue.take(np.arange(1)), {}))
    run = Run(tenant, twin.version)
    check_index(run)
    seconds, cpu = [], []
    for _ in range(3):
        started, worked = time.perf_counter(), time.process_time()
        plan = plan_index(run, recreate=True)
        stored = sum(index_shard(run, shard) for shard in plan.shards)
        if stored != PROPERTIES:
            raise SystemExit(f"{stored} of {PROPERTIES} properties were indexed")
        seconds.append(time.perf_counter() - started)
        cpu.append(time.process_time() - worked)
    search = milliseconds(lambda: run.index.search(twin.user_vectors[0], limit=10), SEARCHES)
    get_user = milliseconds(lambda: run.index.get_user(1), SEARCHES)
    return {
        "index_10000_properties_s": float(np.median(seconds)),
        "index_10000_properties_cpu_s": float(np.median(cpu)),
        "search_top_10_p50_ms": search["p50_ms"],
        "get_user_p50_ms": get_user["p50_ms"],
    }


if __name__ == "__main__":
    main()
