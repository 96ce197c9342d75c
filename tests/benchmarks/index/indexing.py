"""The reindex machine's steps in a process of their own: `python -m tests.benchmarks.index.indexing TENANT VERSION`.

Seconds on the clock and of the processor for each kind of points, then by part for one shard, then of what changed.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from sqlalchemy import text

from portfolio_twin.adapters.postgres.copy_reads import copy_catalogue
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.services.pipeline.index_shard import index_shard
from portfolio_twin.services.pipeline.plan_index import IndexPlan, Shard, check_index, plan_index
from portfolio_twin.services.pipeline.run import Run
from portfolio_twin.services.pipeline.verify_index import verify_index
from portfolio_twin.services.property_points import activity_of
from portfolio_twin.settings import PipelineSettings, from_environment
from tests.benchmarks.measure.clock import peak_rss_mb

FIGURES: dict[str, float] = {}
TOUCH = text("update properties set days_on_market = 1, updated_at = now() where property_id like :ids")
EVERY_HUNDREDTH = "%77"


@contextmanager
def part(name: str) -> Iterator[None]:
    started, worked = time.perf_counter(), time.process_time()
    yield
    FIGURES[f"{name}_s"] = FIGURES.get(f"{name}_s", 0.0) + time.perf_counter() - started
    FIGURES[f"{name}_cpu_s"] = FIGURES.get(f"{name}_cpu_s", 0.0) + time.process_time() - worked


def index(run: Run, plan: IndexPlan, prefix: str) -> None:
    for shard in plan.shards:
        with part(f"{prefix}{shard.kind}"):
            FIGURES[f"{prefix}{shard.kind}"] = FIGURES.get(f"{prefix}{shard.kind}", 0.0) + index_shard(run, shard)


def by_part(run: Run, shard: Shard) -> None:
    """What one shard of properties takes, from PostgreSQL to the index."""
    twin = run.twin()
    with run.tenant.session() as session:
        with part("part_postgresql"):
            catalogue = copy_catalogue(session, after=shard.after, until=shard.until)
        with part("part_features"):
            X = twin.schema.vectorise(catalogue)
        with part("part_tower"):
            vectors = twin.encoder(X)
        with part("part_activity"):
            activity = activity_of(twin, session, catalogue, X)
        with part("part_rows"):
            rows = [catalogue.row(i) for i in range(len(catalogue))]
        with part("part_qdrant"):
            run.index.upsert_properties(catalogue.ids.tolist(), vectors, rows, activity)


def main() -> None:
    run = Run(Stores(from_environment(PipelineSettings)).of(UUID(sys.argv[1])), sys.argv[2])
    check_index(run)
    run.twin()
    FIGURES["before_rss_mb"] = peak_rss_mb()
    with part("plan"):
        plan = plan_index(run, recreate=True)
    index(run, plan, "")
    with part("verify"):
        verify_index(run, plan.started_at)
    with run.tenant.session() as session:
        session.execute(TOUCH, {"ids": EVERY_HUNDREDTH})
        session.commit()
    with part("plan_changes"):
        changes = plan_index(run)
    if changes.mode != "changes":
        raise SystemExit("everything would be indexed again: nothing can be said of the changes")
    index(run, changes, "changed_")
    FIGURES["rss_mb"] = peak_rss_mb()
    by_part(run, plan.shards[0])
    print(json.dumps(FIGURES))


if __name__ == "__main__":
    main()
