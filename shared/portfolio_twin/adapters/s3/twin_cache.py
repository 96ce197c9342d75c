"""The live twin of each tenant, warm: polled by ETag, loaded beside the old one; any failure keeps the last good."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from portfolio_twin.adapters import telemetry, time_left
from portfolio_twin.adapters.once_more import JITTER
from portfolio_twin.adapters.s3.bucket import Bucket
from portfolio_twin.adapters.s3.objects import Unmodified
from portfolio_twin.errors import BundleRejected, ModelNotFound, RegistryUnavailable
from portfolio_twin.model.bundle.files import unpack
from portfolio_twin.model.twin import Twin

logger = logging.getLogger(__name__)

FAILURES = (BundleRejected, ModelNotFound, RegistryUnavailable)


@dataclass(frozen=True)
class Loaded:
    twin: Twin
    etag: str | None  # of the live.json that named it; None: a stand-in, the named one could not be loaded
    check_at: float  # when live.json is looked at again


class TwinCache:
    """Gives the live twin at once while it is fresh; at most `tenants` of them stay in memory."""

    def __init__(
        self, bucket: Bucket, ttl_seconds: float = 30.0, tenants: int = 8, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._bucket, self._ttl_seconds, self._tenants, self._clock = bucket, ttl_seconds, tenants, clock
        self._cache: OrderedDict[UUID, Loaded] = OrderedDict()
        self._loading = threading.Lock()

    def current(self, tenant_id: UUID, *, fresh: bool = False) -> Twin:
        """Raises ModelNotFound or RegistryUnavailable only when there is nothing to fall back to.

        Fresh: looks at live.json whatever the time, as who writes must: a point under the version that was live a
        moment ago is seen by nobody.
        """
        twin = self._current(tenant_id, fresh)
        telemetry.note(model_version=twin.version)
        return twin

    def _current(self, tenant_id: UUID, fresh: bool) -> Twin:
        loaded = self._cache.get(tenant_id)
        if loaded is not None and not fresh and self._clock() < loaded.check_at:
            return loaded.twin
        # Whoever has a model does not wait for the one who is loading the next.
        if loaded is None or fresh:
            self._loading.acquire()
        elif not self._loading.acquire(blocking=False):
            return loaded.twin
        try:
            return self._refresh(tenant_id, fresh)
        finally:
            self._loading.release()

    def _refresh(self, tenant_id: UUID, fresh: bool) -> Twin:
        loaded = self._cache.get(tenant_id)
        if loaded is None:
            loaded = self._load_cold(tenant_id)
        elif not fresh and self._clock() < loaded.check_at:
            return loaded.twin
        else:
            with time_left.sharing():  # there is an answer without it
                loaded = self._load_beside(tenant_id, loaded)
        check_at = self._clock() + self._ttl_seconds * JITTER.uniform(0.8, 1.2)
        self._cache[tenant_id] = replace(loaded, check_at=check_at)
        self._cache.move_to_end(tenant_id)
        while len(self._cache) > self._tenants:
            self._cache.popitem(last=False)
        return loaded.twin

    def _load_beside(self, tenant_id: UUID, loaded: Loaded) -> Loaded:
        """The newer twin, or the loaded one when nothing changed or anything went wrong."""
        try:
            live = self._bucket.of(tenant_id).models.live_unless(loaded.etag)
            twin = loaded.twin if live.version == loaded.twin.version else self._load(tenant_id, live.version)
            return Loaded(twin, live.etag, 0.0)
        except Unmodified:
            return loaded
        except FAILURES as error:
            if self._is_deleted(tenant_id, loaded):
                del self._cache[tenant_id]
                raise ModelNotFound("this tenant has no model any more") from error
            self._report(tenant_id, error)
            return loaded

    def _is_deleted(self, tenant_id: UUID, loaded: Loaded) -> bool:
        """Pointer and bundle have gone both: that is no failure but the tenant's end, and nothing of it is kept."""
        models = self._bucket.of(tenant_id).models
        try:
            return models.live() is None and not models.is_published(loaded.twin.version)
        except FAILURES:
            return False

    def _load_cold(self, tenant_id: UUID) -> Loaded:
        live = self._bucket.of(tenant_id).models.live()
        if live is None:
            raise ModelNotFound(
                "this tenant has no model yet: run its retraining (.venv/bin/twin retrain on one machine)"
            )
        try:
            return Loaded(self._load(tenant_id, live.version), live.etag, 0.0)
        except FAILURES as error:
            self._report(tenant_id, error)
            if live.previous is None:
                raise ModelNotFound("the live model cannot be loaded, and there is none before it") from error
        try:
            return Loaded(self._load(tenant_id, live.previous), None, 0.0)
        except BundleRejected as error:
            raise ModelNotFound("neither the live model nor the one before can be loaded") from error

    def _load(self, tenant_id: UUID, version: str) -> Twin:
        twin = unpack(self._bucket.of(tenant_id).models.fetch(version), tenant_id, version)
        telemetry.count("Reloaded")
        return twin

    def _report(self, tenant_id: UUID, error: Exception) -> None:
        logger.warning("the live model could not be loaded: %s", error, extra={"tenant_id": str(tenant_id)})
        telemetry.count("ReloadFailed")
