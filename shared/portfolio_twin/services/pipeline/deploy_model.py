"""A bundle that passed its gates, checked to the last file and published: a candidate, not live yet."""

import re
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import BundleRejected, LeaseLost
from portfolio_twin.model.bundle import MANIFEST, check_files, read_manifest, unpack
from portfolio_twin.services.pipeline.verdicts import digest_of, read_verdict

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def deploy_model(
    registry: Registry, tenant: UUID, version: str, *, source: str, holder: str, lease_seconds: float
) -> dict[str, Any]:
    """Publishes what the manifest lists, nothing else; doing it again changes nothing.

    Raises LeaseLost, and BundleRejected: also for a bundle that is not the one that passed its gates.
    """
    if not registry.acquire_lease(tenant, holder, lease_seconds):
        raise LeaseLost("another run took this tenant's lease")
    found = registry.find(source + MANIFEST)
    body = found.body if found else b""
    manifest = read_manifest(body, tenant, version)
    _check_verdict(registry, tenant, version, source, body)
    if odd := [name for name in manifest["files"] if not FILE_NAME.fullmatch(name)]:
        raise BundleRejected(f"not a name for a file of a bundle: {odd[0]!r}")
    files = registry.fetch_from(source, manifest["files"]) | {MANIFEST: body}
    check_files(files, manifest)
    twin = unpack(files, tenant, version)
    registry.publish(tenant, version, files)
    return {"kind": twin.kind, "properties": len(twin.property_ids), "users": len(twin.user_ids)}


def _check_verdict(registry: Registry, tenant: UUID, version: str, source: str, manifest: bytes) -> None:
    """The manifest holds the digest of every file, so that one comparison covers them all."""
    verdict = read_verdict(registry, tenant, version, source)
    if verdict is None or verdict.get("decision") != "passed":
        raise BundleRejected("no verdict says that this bundle passed its gates: start the retrain machine again")
    if verdict.get("manifest_sha256") != digest_of(manifest):
        raise BundleRejected("the bundle was changed since it was judged: put it again, so that it is judged anew")
