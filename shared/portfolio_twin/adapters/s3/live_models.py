"""The live twin of each tenant, warm: polled by ETag, loaded beside the old one; any failure keeps the last good."""

import logging
import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.s3.objects import Unmodified
from portfolio_twin.adapters.s3.registry import Live, Registry, live_key
from portfolio_twin.errors import BundleRejected, ModelNotFound, RegistryUnavailable
from portfolio_twin.model.bundle import unpack
from portfolio_twin.model.twin import Twin

logger = logging.getLogger(__name__)

FAILURES = (BundleRejected, ModelNotFound, RegistryUnavailable)


@dataclass(frozen=True)
class Loaded:
    twin: Twin
    etag: str | None  # of the live.json that named it; None: a stand-in, the named one could not be loaded
    check_at: float  # when live.json is looked at again


class LiveModels:
    """Gives the live twin at once while it is fresh; at most `tenants` of them stay in memory."""

    def __init__(
        self,
        registry: Registry,
        ttl_seconds: float = 30.0,
        tenants: int = 8,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry, self._ttl_seconds, self._tenants, self._clock = registry, ttl_seconds, tenants, clock
        self._loaded: OrderedDict[UUID, Loaded] = OrderedDict()
        self._loading = threading.Lock()

    def current(self, tenant: UUID, *, fresh: bool = False) -> Twin:
        """Raises ModelNotFound or RegistryUnavailable only when there is nothing to fall back to.

        Fresh: looks at live.json whatever the time, as who writes must: a point under the version that was live a
        moment ago is seen by nobody.
        """
        twin = self._current(tenant, fresh)
        telemetry.note(model_version=twin.version)
        return twin

    def _current(self, tenant: UUID, fresh: bool) -> Twin:
        known = self._loaded.get(tenant)
        if known is not None and not fresh and self._clock() < known.check_at:
            return known.twin
        # Whoever has a model does not wait for the one who is loading the next.
        if not self._loading.acquire(blocking=known is None or fresh):
            assert known is not None  # otherwise the line above would have waited
            return known.twin
        try:
            return self._refresh(tenant, fresh)
        finally:
            self._loading.release()

    def _refresh(self, tenant: UUID, fresh: bool) -> Twin:
        known = self._loaded.get(tenant)
        if known is None:
            loaded = self._load_cold(tenant)
        elif not fresh and self._clock() < known.check_at:
            return known.twin
        else:
            loaded = self._load_beside(tenant, known)
        self._loaded[tenant] = replace(loaded, check_at=self._next_check())
        self._loaded.move_to_end(tenant)
        while len(self._loaded) > self._tenants:
            self._loaded.popitem(last=False)
        return loaded.twin

    def _load_beside(self, tenant: UUID, known: Loaded) -> Loaded:
        """The newer twin, or the known one when nothing changed or anything went wrong."""
        try:
            found = self.registry.find(live_key(tenant), unless=known.etag)
            if found is None:
                raise ModelNotFound("live.json has gone")
            live = Live.parse(found)
            twin = known.twin if live.version == known.twin.version else self._load(tenant, live.version)
            return Loaded(twin, live.etag, 0.0)
        except Unmodified:
            return known
        except FAILURES as error:
            self._report(tenant, error)
            return known

    def _load_cold(self, tenant: UUID) -> Loaded:
        live = self.registry.live(tenant)
        if live is None:
            raise ModelNotFound("this tenant has no model yet")
        try:
            return Loaded(self._load(tenant, live.version), live.etag, 0.0)
        except FAILURES as error:
            self._report(tenant, error)
            if live.previous is None:
                raise ModelNotFound("the live model cannot be loaded, and there is none before it") from error
        try:
            return Loaded(self._load(tenant, live.previous), None, 0.0)
        except BundleRejected as error:
            raise ModelNotFound("neither the live model nor the one before can be loaded") from error

    def _load(self, tenant: UUID, version: str) -> Twin:
        twin = unpack(self.registry.fetch_bundle(tenant, version), tenant, version)
        telemetry.count("Reloaded")
        return twin

    def _report(self, tenant: UUID, error: Exception) -> None:
        logger.warning("the live model could not be loaded: %s", error, extra={"tenant_id": str(tenant)})
        telemetry.count("ReloadFailed")

    def _next_check(self) -> float:
        return self._clock() + self._ttl_seconds * random.uniform(0.8, 1.2)
