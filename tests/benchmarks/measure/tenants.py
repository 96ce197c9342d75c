"""A tenant as production has one: facts in PostgreSQL, a trained model live in S3, all of it in the index."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

import numpy as np
from sqlalchemy.dialects.postgresql import insert

from functions.train.assemble import Design
from functions.train.learn import Learner, fit
from functions.train.offline import freeze
from functions.train.training_data import TrainingData
from infra.local.system import LocalSystem
from portfolio_twin.adapters.postgres.tables import tenants
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.model.bundle.files import Provenance, pack
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import check_index, plan_index
from portfolio_twin.services.pipeline.run import Run
from tests.benchmarks.measure.markets import SEED, simulated
from tests.integration.fixtures.database import store

ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class LiveTenant:
    tenant: Tenant
    twin: Twin
    dataset: Dataset


def trained(dataset: Dataset, config: TwinConfig) -> Twin:
    """As the training makes it, a ranking layer in it: the answers' cost does not ask how often it was repeated."""
    snapshot = freeze(dataset, SEED)
    data = TrainingData.of(snapshot, config)
    twin = fit(Learner(Design("20260101T000000Z-00000000", "twin", config)), data, snapshot.holdout).twin
    if twin.ranking is None:
        raise SystemExit("the training left the ranking layer out: what would be measured is not what serves")
    return twin


def store_facts(tenant: Tenant, dataset: Dataset) -> None:
    """As an import does, some rows at a time."""
    with tenant.session() as session:
        session.execute(insert(tenants).values(tenant_id=tenant.tenant_id, name=str(tenant.tenant_id)))
        session.commit()
    catalogue, log = dataset.catalogue, dataset.log
    for rows in _parts(len(catalogue)):
        with tenant.session() as session:
            store(session, catalogue.take(rows))
            session.commit()
    for rows in _parts(len(log)):
        with tenant.session() as session:
            store(session, catalogue.take(np.arange(1)), log.take(rows))  # it wants a property too
            session.commit()


def _parts(count: int) -> Iterator[Numbers]:
    return (np.arange(start, min(start + ROWS_AT_ONCE, count)) for start in range(0, count, ROWS_AT_ONCE))


def publish_bundle(tenant: Tenant, twin: Twin, dataset: Dataset) -> None:
    provenance = Provenance(tenant.tenant_id, {"id": "bench"}, None, {}, "bench")
    tenant.bucket.models.publish(twin.version, pack(twin, provenance, dataset.catalogue.take(np.arange(1)), {}))


def go_live(tenant: Tenant, twin: Twin, dataset: Dataset) -> None:
    """The bundle published and promoted, everything indexed under its version."""
    publish_bundle(tenant, twin, dataset)
    models = tenant.bucket.models
    models.promote(twin.version, "bench", models.live())
    run = Run(tenant, twin.version)
    check_index(run)
    for shard in plan_index(run, recreate=True).shards:
        index_shard(run, shard)


def live_tenant(system: LocalSystem, epochs: int = 3) -> LiveTenant:
    dataset = simulated()
    twin = trained(dataset, replace(TwinConfig(), epochs=epochs))
    tenant = system.tenant(uuid4())
    store_facts(tenant, dataset)
    go_live(tenant, twin, dataset)
    return LiveTenant(tenant, twin, dataset)
