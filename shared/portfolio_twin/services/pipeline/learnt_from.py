"""From a published model to the data it was made from."""

from uuid import UUID

from portfolio_twin.adapters.s3.registry import Registry, models_prefix
from portfolio_twin.adapters.s3.snapshots import Snapshot, load_snapshot
from portfolio_twin.errors import NotFound
from portfolio_twin.model.bundle import MANIFEST, read_manifest


def snapshot_of(registry: Registry, tenant: UUID, version: str) -> Snapshot:
    """Raises NotFound when the model names no snapshot or it has been deleted, BundleRejected, UnreadableInput."""
    manifest = read_manifest(registry.read(models_prefix(tenant, version) + MANIFEST), tenant, version)
    snapshot_id = (manifest.get("snapshot") or {}).get("id")
    if not isinstance(snapshot_id, str) or not snapshot_id:
        raise NotFound(f"version {version} names no snapshot")
    return load_snapshot(registry, tenant, snapshot_id)
