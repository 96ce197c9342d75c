"""What EvaluateGates said of a bundle, kept in S3 for the steps and runs after it."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3.registry import Registry


def read_verdict(registry: Registry, tenant: UUID, version: str, source: str) -> Mapping[str, Any] | None:
    """None when there is none, or one that cannot be read: that is no verdict."""
    found = registry.find(_key(tenant, version, source))
    try:
        said = json.loads(found.body) if found else None
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def keep_verdict(registry: Registry, tenant: UUID, version: str, source: str, verdict: Mapping[str, Any]) -> None:
    body = json.dumps(verdict, indent=1, allow_nan=False).encode()
    registry.write(_key(tenant, version, source), body)


def digest_of(manifest: bytes) -> str:
    """What a verdict knows its bundle by: the manifest holds the digest of every other file."""
    return hashlib.sha256(manifest).hexdigest()


def _key(tenant: UUID, version: str, source: str) -> str:
    """Never under uploads/: whoever may put a bundle there could put its verdict as well."""
    name = "upload_gates.json" if source.startswith("uploads/") else "gates.json"
    return f"{tenant}/training/{version}/{name}"
