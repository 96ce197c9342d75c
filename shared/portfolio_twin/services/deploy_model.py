"""A bundle that passed its gates, checked to the last file and published: a candidate, not live yet."""

import re
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.registry import Registry
from portfolio_twin.errors import BundleRejected, LeaseLost
from portfolio_twin.model.bundle import MANIFEST, check_files, read_manifest, unpack

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def deploy_model(
    registry: Registry, tenant: UUID, version: str, *, source: str, holder: str, lease_seconds: float
) -> dict[str, Any]:
    """Publishes what the manifest lists, nothing else; doing it again changes nothing. Raises BundleRejected."""
    if not registry.acquire_lease(tenant, holder, lease_seconds):
        raise LeaseLost("another run took this tenant's lease")
    manifest_file = registry.find(source + MANIFEST)
    manifest = read_manifest(manifest_file.body if manifest_file else b"", tenant, version)
    if odd := [name for name in manifest["files"] if not FILE_NAME.fullmatch(name)]:
        raise BundleRejected(f"not a name for a file of a bundle: {odd[0]!r}")
    files = registry.fetch_from(source, (MANIFEST, *manifest["files"]))
    check_files(files, manifest)
    twin = unpack(files, tenant, version)
    registry.publish(tenant, version, files)
    return {"kind": twin.kind, "properties": len(twin.property_ids), "users": len(twin.user_ids)}
