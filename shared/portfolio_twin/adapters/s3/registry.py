"""The model registry in S3: immutable bundles, and the one pointer that says which of them is live."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3.objects import ConditionFailed, Objects, StoredObject
from portfolio_twin.errors import (
    BundleRejected,
    ModelNotFound,
    NoPreviousVersion,
    PromotionConflict,
)
from portfolio_twin.model.bundle import MANIFEST, SERVING_FILES

BUNDLE_LIMIT_BYTES = 512 * 1024 * 1024


@dataclass(frozen=True)
class Live:
    """What live.json says, and the ETag that a conditional write of it needs."""

    version: str
    previous: str | None
    promoted_at: datetime
    promoted_by: str
    etag: str

    @classmethod
    def parse(cls, found: StoredObject) -> "Live":
        """Raises ModelNotFound when this is no live.json."""
        try:
            said = json.loads(found.body)
            promoted_at = datetime.fromisoformat(said["promoted_at"]).astimezone(UTC)
            previous = said.get("previous")
            known = isinstance(said["version"], str) and (previous is None or isinstance(previous, str))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelNotFound(f"live.json cannot be read: {error}") from error
        if not known:
            raise ModelNotFound("live.json names no version")
        return cls(said["version"], previous, promoted_at, str(said.get("promoted_by", "")), found.etag)


class Registry(Objects):
    """Bundles, pointer and leases of all tenants in one bucket."""

    def __init__(self, bucket: str, client: Any = None, bundle_limit_bytes: int = BUNDLE_LIMIT_BYTES) -> None:
        super().__init__(bucket, client)
        self._bundle_limit_bytes = bundle_limit_bytes

    def fetch_bundle(self, tenant: UUID, version: str) -> dict[str, bytes]:
        """What serving reads of a published bundle; raises ModelNotFound, BundleRejected when it is too big."""
        files = self.fetch_from(models_prefix(tenant, version), (MANIFEST, *SERVING_FILES))
        if MANIFEST not in files:
            raise ModelNotFound(f"version {version} is not published")
        return files

    def fetch_from(self, prefix: str, names: Iterable[str] | None = None) -> dict[str, bytes]:
        """The files below a prefix (only those named, if any are), sized up before the first is downloaded."""
        sizes = self.files(prefix)
        wanted = sizes.keys() if names is None else sizes.keys() & set(names)
        if (total := sum(sizes[name] for name in wanted)) > self._bundle_limit_bytes:
            raise BundleRejected(f"the bundle has {total} bytes, more than {self._bundle_limit_bytes}")
        return {name: self.read(prefix + name) for name in sorted(wanted)}

    def publish(self, tenant: UUID, version: str, files: Mapping[str, bytes]) -> None:
        """Puts a bundle for good, its manifest last; the same bundle again changes nothing, another is refused."""
        prefix = models_prefix(tenant, version)
        for name in sorted(files, key=lambda name: (name == MANIFEST, name)):
            if not self.create(prefix + name, files[name]) and self.read(prefix + name) != files[name]:
                raise BundleRejected(f"{version} is already published with another {name}")

    def versions(self, tenant: UUID) -> list[str]:
        """All published versions, the oldest first."""
        names = self.files(f"{tenant}/models/")
        return sorted(name.removesuffix("/" + MANIFEST) for name in names if name.endswith("/" + MANIFEST))

    def live(self, tenant: UUID) -> Live | None:
        """The pointer, None for a tenant without a model; raises ModelNotFound when it cannot be read."""
        found = self.find(live_key(tenant))
        return None if found is None else Live.parse(found)

    def promote(self, tenant: UUID, version: str, by: str, expected: Live | None) -> Live:
        """Moves the pointer from what the caller saw to `version`; raises PromotionConflict when it has moved."""
        if self.find(models_prefix(tenant, version) + MANIFEST) is None:
            raise ModelNotFound(f"version {version} is not published")
        promoted_at = datetime.now(UTC)
        previous = None if expected is None else expected.version
        if previous == version:  # already there: the one before stays reachable
            previous = expected.previous if expected else None
        said = {
            "version": version, "previous": previous, "promoted_at": promoted_at.isoformat(), "promoted_by": by,
        }  # fmt: skip
        try:
            etag = self.replace(live_key(tenant), json.dumps(said).encode(), expected.etag if expected else None)
        except ConditionFailed as error:
            raise PromotionConflict("live.json was changed by somebody else in the meantime") from error
        return Live(version, previous, promoted_at, by, etag)

    def rollback(self, tenant: UUID, by: str) -> Live:
        """Moves the pointer back to the previous version; raises NoPreviousVersion."""
        live = self.live(tenant)
        if live is None or live.previous is None:
            raise NoPreviousVersion("there is no previous version to roll back to")
        return self.promote(tenant, live.previous, by, live)

    def acquire_lease(self, tenant: UUID, holder: str, seconds: float) -> bool:
        """Takes the tenant's lease, or renews it; False while another holder has it."""
        found = self.find(lease_key(tenant))
        if found is not None and _holder(found) not in (None, holder):
            return False
        try:
            self.replace(lease_key(tenant), _lease(holder, seconds), found.etag if found else None)
        except ConditionFailed:
            return False
        return True

    def holds_lease(self, tenant: UUID, holder: str) -> bool:
        found = self.find(lease_key(tenant))
        return found is not None and _holder(found) == holder

    def release_lease(self, tenant: UUID, holder: str) -> None:
        """Gives the holder's own lease back; nobody else's."""
        found = self.find(lease_key(tenant))
        if found is None or _holder(found) != holder:
            return
        try:
            self.replace(lease_key(tenant), _lease("", 0), found.etag)
        except ConditionFailed:
            return  # it ran out and somebody took it in this very moment


def models_prefix(tenant: UUID, version: str) -> str:
    return f"{tenant}/models/{version}/"


def live_key(tenant: UUID) -> str:
    return f"{tenant}/live.json"


def lease_key(tenant: UUID) -> str:
    return f"{tenant}/lease.json"


def _lease(holder: str, seconds: float) -> bytes:
    expires_at = datetime.now(UTC) + timedelta(seconds=seconds)
    return json.dumps({"holder": holder, "expires_at": expires_at.isoformat()}).encode()


def _holder(found: StoredObject) -> str | None:
    """Who holds the lease now; None when it has run out, was given back or cannot be read."""
    try:
        said = json.loads(found.body)
        expired = datetime.fromisoformat(said["expires_at"]) <= datetime.now(UTC)
        return None if expired else str(said["holder"])
    except (ValueError, KeyError, TypeError):
        return None
