"""Stores in memory behind the API functions: what a test hands in instead of the real ones."""

import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, cast
from uuid import UUID

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.tenancy import stores_of
from portfolio_twin.errors import ModelNotFound
from portfolio_twin.model.twin import Twin
from portfolio_twin.settings import ReadSettings, from_environment
from tests.fakes.stores import FakeVectorIndex

API_FUNCTIONS = ("predict", "recommend", "lookalike", "browse", "feedback", "admin")


class Untouchable:
    """A store that a refused request must not reach."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"{name} was touched")


class FakeTwinCache:
    """`TwinCache` that holds these twins."""

    def __init__(self, twins: Mapping[UUID, Twin]) -> None:
        self._twins = twins

    def current(self, tenant_id: UUID, *, fresh: bool = False) -> Twin:
        if tenant_id not in self._twins:
            raise ModelNotFound("this tenant has no model yet")
        return self._twins[tenant_id]


def fake_stores(twins: Mapping[UUID, Twin], index: FakeVectorIndex) -> Stores:
    """These twins, this index, and a database and a bucket that nobody may touch."""
    stores = Stores(from_environment(ReadSettings))
    stores.twins, stores.index = cast("Any", FakeTwinCache(twins)), cast("Any", index)
    stores.database = stores.bucket = cast("Any", Untouchable())
    return stores


@contextmanager
def serving(stores: Stores, *functions: str) -> Iterator[None]:
    """The API functions (those named, or all) over these stores."""
    apps = [importlib.import_module(f"functions.api.{name}.app").app for name in functions or API_FUNCTIONS]
    before = [app.dependency_overrides.get(stores_of) for app in apps]
    for app in apps:
        app.dependency_overrides[stores_of] = lambda: stores
    try:
        yield
    finally:
        for app, earlier in zip(apps, before, strict=True):
            app.dependency_overrides.pop(stores_of)
            if earlier:
                app.dependency_overrides[stores_of] = earlier
