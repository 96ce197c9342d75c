"""Freezes the tenant's data: the snapshot in S3 that a model is trained and judged on."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.adapters.s3.snapshots import (
    Manifest,
    digests,
    pack_snapshot,
    read_snapshot_manifest,
    snapshot_prefix,
    store_snapshot,
)
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.faults import clean
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.readiness import count
from portfolio_twin.domain.split import draw_holdout
from portfolio_twin.errors import NotFound
from portfolio_twin.model.twin import ModelKind
from portfolio_twin.services.pipeline.read_data import read_data


def prepare_data(
    registry: Registry,
    database: Database,
    tenant: UUID,
    snapshot_id: str,
    *,
    model_kind: ModelKind,
    lookback_days: int | None,
    seed: int,
    now: datetime,
) -> dict[str, Any]:
    """The snapshot's name, place and counts. Run again it gives the snapshot that is already frozen, unchanged."""
    try:
        manifest = read_snapshot_manifest(registry, tenant, snapshot_id)
    except NotFound:
        manifest = _freeze(registry, database, tenant, snapshot_id, lookback_days=lookback_days, seed=seed, now=now)
    return {
        "snapshot_id": snapshot_id,
        "model_kind": model_kind,
        "prefix": snapshot_prefix(tenant, snapshot_id),
        "counts": manifest["counts"],
        "as_of": manifest["as_of"],
    }


def _freeze(
    registry: Registry,
    database: Database,
    tenant: UUID,
    snapshot_id: str,
    *,
    lookback_days: int | None,
    seed: int,
    now: datetime,
) -> Manifest:
    raw_catalogue, raw_log = read_data(database, tenant, lookback_days)
    catalogue, log = clean(raw_catalogue, raw_log, int(now.timestamp()))
    log = log.in_time_order()
    holdout = draw_holdout(Dataset(catalogue, log), seed=seed)
    files = pack_snapshot(catalogue, log, holdout)
    manifest = {
        "snapshot_id": snapshot_id,
        "tenant_id": str(tenant),
        "created_at": now.isoformat(),
        "as_of": now.isoformat(),
        "counts": count(catalogue, log).to_json() | {"left_out_interactions": len(raw_log) - len(log)},
        "data_window": _window(log),
        "lookback_days": lookback_days,
        "files": digests(files),
        "seed": seed,
    }
    return store_snapshot(registry, tenant, files, manifest)


def _window(log: InteractionLog) -> list[str] | None:
    """First and last interaction; None for a tenant that has none."""
    if not len(log):
        return None
    ends = (log.times.min(), log.times.max())
    return [datetime.fromtimestamp(int(end), UTC).isoformat() for end in ends]
