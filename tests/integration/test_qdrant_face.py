"""The local Qdrant: its answers are those of Qdrant's own in-memory client, and its state outlives it."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from qdrant_client import QdrantClient

from infra.local.qdrant_calls import BY_ROUTE
from infra.local.qdrant_collection import Collection, OutOfService, Unreadable
from infra.local.qdrant_server import QdrantFace
from infra.local.qdrant_shards import Shards, StateInUse
from portfolio_twin.adapters.vector_index import PropertyHit, VectorIndex
from portfolio_twin.domain.criteria import Filters, GeoRadius, Range
from tests.integration.qdrant_fixtures import (
    VERSION,
    index_over_http,
    investors,
    property_names,
    property_rows,
    serving,
    unit_vectors,
)

TENANT, OTHER = UUID(int=1), UUID(int=2)
N = 300
VECTOR = unit_vectors(1, seed=3)[0]
START_SECONDS = 60


def ranked(hits: list[PropertyHit]) -> list[Any]:
    return [(hit.property_id, round(hit.score, 4), hit.payload) for hit in hits]


def search(**options: Any) -> Callable[[VectorIndex], Any]:
    return lambda index: ranked(index.search(TENANT, VERSION, VECTOR, limit=20, **options))


def narrowed(**criteria: Any) -> Callable[[VectorIndex], Any]:
    return search(filters=Filters(**criteria))


QUESTIONS: dict[str, Callable[[VectorIndex], Any]] = {
    "health": lambda index: index.healthy(),
    "search": search(),
    "by type": narrowed(property_type=("Condo", "Land")),
    "by zip code": narrowed(zipcode=("12201", "12203")),
    "by status": narrowed(listing_status=("Active",)),
    "by price": narrowed(price=Range(min=120_000.0, max=250_000.0)),
    "by bedrooms": narrowed(bedrooms=Range(min=3.0)),
    "by bathrooms": narrowed(bathrooms=Range(max=0.5)),
    "by size": narrowed(square_footage=Range(min=1100.0, max=1150.0)),
    "by place": narrowed(location=GeoRadius(lat=42.6, lon=-73.75, radius_km=7.3)),
    "by all of them": narrowed(
        property_type=("Condo",),
        listing_status=("Active",),
        price=Range(min=110_000.0),
        location=GeoRadius(lat=43.0, lon=-73.75, radius_km=150.0),
    ),
    "left out": search(exclude=property_names(200)),
    "only these": search(only=[*property_names(30), "missing"], exclude=["p3"]),
    "vectors": lambda index: [
        hit.vector.round(4).tolist()
        for hit in index.search(TENANT, VERSION, VECTOR, limit=5, with_vectors=True)
        if hit.vector is not None
    ],
    "many": lambda index: [ranked(a) for a in index.search_many(TENANT, VERSION, unit_vectors(4, seed=4), limit=7)],
    "similar": lambda index: ranked(index.similar(TENANT, VERSION, "p5", limit=9)),
    "properties": lambda index: sorted(index.get_properties(TENANT, VERSION, ["p1", "p2", "missing"]).items()),
    "user": lambda index: (index.get_user(TENANT, VERSION, 8), index.get_user(TENANT, VERSION, 10**6)),
    "audience": lambda index: [
        (u.user_id, round(u.score, 4), u.evidence) for u in index.search_users(TENANT, VERSION, VECTOR, 9)
    ],
    "count": lambda index: [index.count(t, VERSION, "properties") for t in (TENANT, OTHER, UUID(int=3))],
    "ids": lambda index: (sorted(index.property_ids(TENANT, VERSION)), sorted(index.user_ids(TENANT, VERSION))),
}


def fill(index: VectorIndex) -> None:
    index.ensure_collections()
    for seed, tenant in enumerate((TENANT, OTHER)):
        index.upsert_properties(tenant, VERSION, property_names(N), unit_vectors(N, seed), property_rows(N))
        index.upsert_users(tenant, VERSION, investors(N))


@contextmanager
def index_in_memory() -> Iterator[VectorIndex]:
    """The product's own code over Qdrant's in-memory client, whose answers are the ones to match."""
    index = VectorIndex("http://in-memory")
    index._connection.__dict__["_client"] = QdrantClient(":memory:")
    yield index
    index.close()


@pytest.fixture(scope="module")
def indexes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[VectorIndex, VectorIndex]]:
    with index_over_http(tmp_path_factory.mktemp("qdrant")) as face, index_in_memory() as memory:
        fill(face)
        fill(memory)
        yield face, memory


# Qdrant's in-memory client has no payload indexes and says so for each that the product asks for.
no_index_warning = pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")


@no_index_warning
@pytest.mark.parametrize("question", QUESTIONS)
def test_the_face_answers_as_qdrant_in_memory(question: str, indexes: tuple[VectorIndex, VectorIndex]) -> None:
    face, memory = indexes
    expected = QUESTIONS[question](memory)
    assert expected
    assert QUESTIONS[question](face) == expected


@no_index_warning
def test_deleting_leaves_what_it_leaves_in_memory(tmp_path: Path) -> None:
    left = []
    with index_over_http(tmp_path) as face, index_in_memory() as memory:
        for index in (face, memory):
            fill(index)
            index.upsert_properties(TENANT, "old", ["p1"], unit_vectors(1), [{}])
            index.delete_properties(TENANT, VERSION, ["p1", "p2"])
            index.delete_versions(TENANT, keep=[VERSION])
            index.delete_versions(OTHER, keep=[])
            counted = [index.count(TENANT, "old", "properties"), index.count(OTHER, VERSION, "users")]
            left.append([*counted, sorted(index.property_ids(TENANT, VERSION)), index.count(TENANT, VERSION, "users")])
    assert left[0] == left[1] == [0, 0, sorted(set(property_names(N)) - {"p1", "p2"}), N]


def test_the_product_makes_every_call_that_the_face_serves(tmp_path: Path) -> None:
    made = set()
    with index_over_http(tmp_path) as index:

        def note(request: httpx.Request) -> None:
            _, _, rest = request.url.path.removeprefix("/collections/").partition("/")
            made.add((request.method, f"/{rest}"))

        with index._connection.calling() as client:
            client.http.client._client.event_hooks["request"].append(note)
        fill(index)
        for ask in QUESTIONS.values():
            ask(index)
        index.delete_versions(TENANT, keep=[])
    assert set(BY_ROUTE) - made == {("POST", "/optimize")}


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("qdrant")) as url:
        index = VectorIndex(url)
        fill(index)
        index.close()
        yield url


def ask(url: str, verb: str, path: str, body: Any) -> tuple[int, str]:
    answer = httpx.request(verb, f"{url}/collections/{path}", json=body)
    return answer.status_code, answer.text


def filtered(condition: Any) -> dict[str, Any]:
    return {"filter": condition}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (filtered({"should": [{"key": "tenant_id", "match": {"value": "a"}}]}), "should"),
        (filtered({"must": [{"key": "tenant_id", "match": {"text": "a"}}]}), "text"),
        (filtered({"must": [{"key": "year_built", "match": {"value": 1990}}]}), "no index"),
        (filtered({"must": [{"key": "tenant_id", "is_empty": True}]}), "is_empty"),
        (filtered({"must": [{"nested": {}}]}), "key"),
    ],
)
def test_a_filter_that_is_not_understood_is_refused_and_not_ignored(url: str, body: Any, reason: str) -> None:
    for path in ("points/count", "points/delete", "points/scroll"):
        status, text = ask(url, "POST", f"property_embeddings/{path}", {"limit": 1, **body})
        assert (status, reason in text) == (400, True)


@pytest.mark.parametrize(
    ("verb", "path", "body", "status"),
    [
        ("POST", "nowhere/points/count", {}, 404),
        ("PUT", "user_embeddings", {"vectors": {"size": 16, "distance": "Cosine"}}, 409),
        ("PUT", "other", {"vectors": {"size": 16, "distance": "Euclid"}}, 400),
        ("PUT", "a.b", {"vectors": {"size": 16, "distance": "Cosine"}}, 400),
        ("PUT", "user_embeddings/points", {"batch": {"ids": [1], "vectors": [[1.0]], "payloads": [{}]}}, 400),
        ("POST", "user_embeddings/points", {"ids": ["not a uuid"]}, 400),
        ("POST", "user_embeddings/points/query/batch", {"searches": [{"query": "an id", "limit": 1}]}, 400),
        ("PUT", "user_embeddings/index", {"field_name": "late", "field_schema": "keyword"}, 400),
    ],
)
def test_each_wrong_request_gets_qdrants_own_status(url: str, verb: str, path: str, body: Any, status: int) -> None:
    answered, text = ask(url, verb, path, body)
    assert answered == status, text


def test_a_body_that_is_not_json_is_the_callers_fault(url: str) -> None:
    answer = httpx.post(f"{url}/collections/user_embeddings/points/count", content=b"{")
    assert answer.status_code == 400
