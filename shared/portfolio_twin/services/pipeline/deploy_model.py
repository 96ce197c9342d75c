"""A bundle that passed its gates, checked to the last file and published: a candidate, not live yet."""

import hashlib
import re
from typing import Any

from portfolio_twin.errors import BundleRejected, LeaseLost
from portfolio_twin.model.browse.atlas import unpack_places
from portfolio_twin.model.bundle.files import ATLAS, MANIFEST, check_files, read_manifest, unpack
from portfolio_twin.services.pipeline.run import Run

FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def deploy_model(run: Run) -> dict[str, Any]:
    """Publishes what the manifest lists, nothing else; doing it again changes nothing.

    Raises LeaseLost, and BundleRejected: also for a bundle that is not the one that passed its gates.
    """
    if not run.hold_lease():
        raise LeaseLost("another run took this tenant's lease")
    models, tenant_id = run.tenant.bucket.models, run.tenant.tenant_id
    body = unpublished_manifest(run)
    manifest = read_manifest(body, tenant_id, run.version)
    _check_verdict(run, body)
    if odd := [name for name in manifest["files"] if not FILE_NAME.fullmatch(name)]:
        raise BundleRejected(f"not a name for a file of a bundle: {odd[0]!r}")
    files = models.fetch_unpublished(run.version, run.entry, manifest["files"]) | {MANIFEST: body}
    check_files(files, manifest)
    twin = unpack(files, tenant_id, run.version)
    if ATLAS in files:
        unpack_places(files[ATLAS], len(twin.property_ids))
    models.publish(run.version, files)
    return {"kind": twin.kind, "properties": len(twin.property_ids), "users": len(twin.user_ids)}


def unpublished_manifest(run: Run) -> bytes:
    """As the training or an upload left it; empty where there is none."""
    return run.tenant.bucket.models.fetch_unpublished(run.version, run.entry, (MANIFEST,)).get(MANIFEST, b"")


def digest_of(manifest: bytes) -> str:
    """What a verdict names its bundle by: the manifest holds the digest of every other file."""
    return hashlib.sha256(manifest).hexdigest()


def _check_verdict(run: Run, manifest: bytes) -> None:
    verdict = run.tenant.bucket.runs.verdict(run.version, run.entry)
    if verdict is None or verdict.get("decision") != "passed":
        raise BundleRejected("no verdict says that this bundle passed its gates: start the retrain machine again")
    if verdict.get("manifest_sha256") != digest_of(manifest):
        raise BundleRejected("the bundle was changed since it was judged: put it again, so that it is judged anew")
