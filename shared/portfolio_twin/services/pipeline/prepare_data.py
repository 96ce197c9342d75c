"""Freezes the tenant's data: the snapshot in S3 that a model is trained and judged on."""

from datetime import UTC, datetime
from typing import Any

from portfolio_twin.adapters.postgres.copy_reads import copy_data
from portfolio_twin.adapters.s3.snapshots import Manifest, digests, pack_snapshot
from portfolio_twin.domain.faults import clean
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.readiness import count
from portfolio_twin.domain.split import draw_holdout
from portfolio_twin.errors import NotFound
from portfolio_twin.services.pipeline.run import Run


def prepare_data(run: Run) -> dict[str, Any]:
    """The snapshot's name, prefix and counts. Run again it gives the snapshot that is already frozen, unchanged."""
    snapshots = run.tenant.bucket.snapshots
    try:
        manifest = snapshots.manifest(run.version)
    except NotFound:
        manifest = _freeze(run)
    return {
        "snapshot_id": run.version,
        "model_kind": run.model_kind,
        "prefix": snapshots.prefix(run.version),
        "counts": manifest["counts"],
        "as_of": manifest["as_of"],
    }


def _freeze(run: Run) -> Manifest:
    with run.tenant.session() as session:
        raw = copy_data(session, run.lookback_days)
    dataset = clean(raw, int(run.now.timestamp())).in_time_order()
    files = pack_snapshot(dataset, draw_holdout(dataset, seed=run.seed))
    manifest = {
        "snapshot_id": run.version,
        "tenant_id": str(run.tenant.tenant_id),
        "created_at": run.now.isoformat(),
        "as_of": run.now.isoformat(),
        "counts": count(dataset).to_json() | {"left_out_interactions": len(raw.log) - len(dataset.log)},
        "data_window": _window(dataset.log),
        "lookback_days": run.lookback_days,
        "files": digests(files),
        "seed": run.seed,
    }
    return run.tenant.bucket.snapshots.store(files, manifest)


def _window(log: InteractionLog) -> list[str] | None:
    """First and last interaction; None for a tenant that has none."""
    if not len(log):
        return None
    ends = (log.times.min(), log.times.max())
    return [datetime.fromtimestamp(int(end), UTC).isoformat() for end in ends]
