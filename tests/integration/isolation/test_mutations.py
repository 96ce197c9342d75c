"""The trial itself is tried: take one store's filter away, and the marks of the other tenant are seen."""

import json
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from qdrant_client import models
from sqlalchemy import NullPool, create_engine, text

from infra.local.stores.postgres import Urls
from infra.local.stores.s3_server import S3Server
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.qdrant import store as qdrant_store
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.qdrant.points import Point
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.objects import Objects
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.model.bundle import files
from tests.integration.isolation.two_markets import Sides, leaks, look_everywhere, make_sides, serving_both


@pytest.fixture(scope="module")
def sides(server: S3Server, pipeline_database: Database, index: VectorIndex) -> Sides:
    return make_sides(server, pipeline_database, index)


@pytest.fixture(autouse=True)
def stores(server: S3Server, app_database: Database, index: VectorIndex) -> Iterator[Stores]:
    with serving_both(server, app_database, index) as made:
        yield made


def test_with_every_filter_in_place_nothing_is_seen(sides: Sides) -> None:
    assert look_everywhere(sides) == set()


def test_postgresql_without_row_level_security_is_noticed(sides: Sides, postgres_urls: Urls) -> None:
    engine = create_engine(postgres_urls.owner, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as owner:
        try:
            owner.execute(text("alter table properties disable row level security"))
            assert sides[0].mark in leaks(sides[1].client.get(f"/properties/{sides[0].mark}"), sides[0])
        finally:
            owner.execute(text("alter table properties enable row level security"))


def test_qdrant_without_the_tenant_in_its_filter_is_noticed(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two things hold: the filter, and the look at every hit. Only without both does a mark get out."""
    monkeypatch.setattr(qdrant_store, "build_filter", lambda *_: models.Filter())
    assert look_everywhere(sides) == set()
    monkeypatch.setattr(qdrant_store.PointStore, "_own", lambda _, points: [_point(each) for each in points])
    assert look_everywhere(sides)


def test_s3_without_the_tenant_in_its_keys_is_noticed(sides: Sides, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three things hold: the key, the roots that a tenant's objects lie under, and the owner in the manifest."""
    first = sides[0].market.tenant.tenant_id
    spelt = {name: getattr(keys, name) for name in ("live", "model")}
    for name, spell in spelt.items():
        monkeypatch.setattr(keys, name, lambda _, *rest, spell=spell: spell(first, *rest))
    with pytest.raises(ValueError, match="does not lie below"):
        sides[1].market.tenant.bucket.models.live()
    monkeypatch.setattr(Objects, "__init__", _anywhere)
    assert look_everywhere(sides) == set()
    monkeypatch.setattr(files, "read_manifest", _of_anybody(files.read_manifest))
    assert look_everywhere(sides)


def test_warm_state_that_forgets_whose_model_it_holds_is_noticed(sides: Sides, stores: Stores) -> None:
    class OneForAll(OrderedDict[UUID, Any]):
        def get(self, key: UUID, default: Any = None) -> Any:
            return next(iter(self.values()), default)

    stores.twins._cache = OneForAll()
    assert look_everywhere(sides)


def _point(found: Any) -> Point:
    return Point(found.payload, getattr(found, "score", 0.0), found.vector)


def _anywhere(self: Objects, bucket: str, roots: Any, client: Any) -> None:
    self.bucket, self._roots, self._s3 = bucket, ("",), client


def _of_anybody(read: Any) -> Any:
    def read_manifest(body: bytes, tenant_id: UUID, version: str) -> Any:
        return read(body, UUID(json.loads(body)["tenant_id"]), version)

    return read_manifest
