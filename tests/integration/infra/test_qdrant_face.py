"""The local Qdrant: its answers are those of Qdrant's own in-memory client, and its state outlives it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from qdrant_client import QdrantClient

from infra.local.qdrant.calls import BY_ROUTE
from portfolio_twin.adapters.qdrant.index import VectorIndex
from tests.integration.fixtures.qdrant import VERSION, index_over_http, property_names, serving, unit_vectors
from tests.integration.fixtures.qdrant_questions import OTHER, QUESTIONS, TENANT, N, fill


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
            index.of(TENANT, "old").upsert_properties(["p1"], unit_vectors(1), [{}])
            own = index.of(TENANT, VERSION)
            own.delete_properties(["p1", "p2"])
            own.delete_all_versions_but(keep=[VERSION])
            index.of(OTHER, VERSION).delete_all_versions_but(keep=[])
            counted = [index.of(TENANT, "old").count("properties"), index.of(OTHER, VERSION).count("users")]
            left.append([*counted, sorted(own.property_ids()), own.count("users")])
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
        index.of(TENANT, VERSION).set_activity(["p1"], unit_vectors(1))
        index.of(TENANT, VERSION).delete_all_versions_but(keep=[])
    assert set(BY_ROUTE) - made == set()


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
