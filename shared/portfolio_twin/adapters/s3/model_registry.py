"""A tenant's models in S3: immutable bundles, and the one pointer that says which of them is live."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.keys import Entry
from portfolio_twin.adapters.s3.objects import ConditionFailed, Objects, StoredObject
from portfolio_twin.errors import BundleRejected, ModelNotFound, NotFound, PromotionConflict
from portfolio_twin.model.bundle.files import MANIFEST, SERVING_FILES, TESTED_FILES, read_manifest

LINK_SECONDS = 300


@dataclass(frozen=True)
class Live:
    """What live.json says, and the ETag that a conditional write of it needs."""

    version: str
    previous: str | None
    promoted_at: datetime
    promoted_by: str
    etag: str

    @classmethod
    def parse(cls, stored: StoredObject) -> "Live":
        """Raises ModelNotFound when this is no live.json."""
        try:
            pointer = json.loads(stored.body)
            promoted_at = datetime.fromisoformat(pointer["promoted_at"]).astimezone(UTC)
            version, previous = pointer["version"], pointer.get("previous")
            promoted_by = str(pointer.get("promoted_by", ""))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelNotFound(f"live.json cannot be read: {error}") from error
        if not isinstance(version, str) or not (previous is None or isinstance(previous, str)):
            raise ModelNotFound("live.json names no version")
        return cls(version, previous, promoted_at, promoted_by, etag=stored.etag)

    def to_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "previous": self.previous,
            "promoted_at": self.promoted_at.isoformat(),
            "promoted_by": self.promoted_by,
        }


class ModelRegistry:
    def __init__(self, objects: Objects, tenant_id: UUID, bundle_limit_bytes: int) -> None:
        self._objects, self._tenant_id, self._limit_bytes = objects, tenant_id, bundle_limit_bytes

    def fetch(self, version: str, *, tested: bool = False) -> dict[str, bytes]:
        """What serving reads of a published bundle, and the same as it was `tested`; raises ModelNotFound,
        BundleRejected when it is too big.
        """
        names = (MANIFEST, *SERVING_FILES, *(TESTED_FILES if tested else ()))
        files = self._fetch(self._prefix(version), names)
        if MANIFEST not in files:
            raise ModelNotFound(f"version {version} is not published")
        return files

    def fetch_unpublished(self, version: str, entry: Entry, names: Iterable[str]) -> dict[str, bytes]:
        """Those of the files that are there, where the training or an upload left the bundle."""
        return self._fetch(keys.source(self._tenant_id, version, entry), names)

    def file(self, version: str, name: str) -> bytes | None:
        """One file of a published bundle as it is, None where it has no such file."""
        stored = self._objects.find(self._prefix(version) + name)
        return stored.body if stored else None

    def sizes(self, version: str) -> dict[str, int]:
        """Name → bytes, of all files of a published bundle; empty where there is none."""
        return self._objects.files(self._prefix(version))

    def link(self, version: str, name: str, content_type: str, seconds: int = LINK_SECONDS) -> str:
        """An address at which a file of a published bundle can be read for a while, without a token."""
        return self._objects.link(self._prefix(version) + name, content_type, seconds)

    def manifest(self, version: str) -> dict[str, Any]:
        """Of a published bundle; raises NotFound, BundleRejected."""
        return read_manifest(self._objects.read(self._prefix(version) + MANIFEST), self._tenant_id, version)

    def publish(self, version: str, files: Mapping[str, bytes]) -> None:
        """Puts a bundle for good, its manifest last; the same bundle again changes nothing, another is refused."""
        for name in sorted(files, key=lambda name: (name == MANIFEST, name)):
            key = self._prefix(version) + name
            if not self._objects.create(key, files[name]) and self._objects.read(key) != files[name]:
                raise BundleRejected(f"{version} is already published with another {name}")

    def versions(self) -> list[str]:
        """All published versions, the oldest first."""
        names = self._objects.files(keys.models(self._tenant_id))
        return sorted(name.removesuffix("/" + MANIFEST) for name in names if name.endswith("/" + MANIFEST))

    def is_published(self, version: str) -> bool:
        return self._objects.find(self._prefix(version) + MANIFEST) is not None

    def live(self) -> Live | None:
        """The pointer, None for a tenant without a model; raises ModelNotFound when it cannot be read."""
        stored = self._objects.find(keys.live(self._tenant_id))
        return None if stored is None else Live.parse(stored)

    def serving(self) -> Live | None:
        """The pointer, None also where its bundle is of another schema: after an upgrade nothing answers from that."""
        live = self.live()
        try:
            if live is not None:
                self.manifest(live.version)
        except BundleRejected:
            return None
        except NotFound:  # not published, or not now: a run must not take that for an upgrade
            pass
        return live

    def live_unless(self, etag: str | None) -> Live:
        """The pointer; raises Unmodified while its ETag is still this one, ModelNotFound when it has gone."""
        stored = self._objects.find(keys.live(self._tenant_id), unless=etag)
        if stored is None:
            raise ModelNotFound("live.json has gone")
        return Live.parse(stored)

    def promote(self, version: str, by: str, expected: Live | None) -> Live:
        """Moves the pointer from what the caller saw to `version`; raises PromotionConflict when it has moved."""
        if not self.is_published(version):
            raise ModelNotFound(f"version {version} is not published")
        previous = None if expected is None else expected.version
        if expected is not None and previous == version:  # already there: the one before stays reachable
            previous = expected.previous
        live = Live(version, previous, datetime.now(UTC), by, etag="")
        try:
            etag = self._objects.replace(
                keys.live(self._tenant_id), json.dumps(live.to_json()).encode(), expected.etag if expected else None
            )
        except ConditionFailed as error:
            raise PromotionConflict("live.json was changed by somebody else in the meantime") from error
        return Live(version, previous, live.promoted_at, by, etag=etag)

    def _prefix(self, version: str) -> str:
        return keys.model(self._tenant_id, version)

    def _fetch(self, prefix: str, names: Iterable[str]) -> dict[str, bytes]:
        return fetch_files(self._objects, prefix, names, self._limit_bytes)


def fetch_files(objects: Objects, prefix: str, names: Iterable[str], limit_bytes: int) -> dict[str, bytes]:
    """Those of the named files that are there, sized up before the first is downloaded; raises BundleRejected."""
    sizes = objects.files(prefix)
    wanted = sizes.keys() & set(names)
    if (total := sum(sizes[name] for name in wanted)) > limit_bytes:
        raise BundleRejected(f"the bundle has {total} bytes, more than {limit_bytes}")
    found = {name: objects.find(prefix + name) for name in sorted(wanted)}  # one may have been dropped meanwhile
    return {name: stored.body for name, stored in found.items() if stored is not None}
