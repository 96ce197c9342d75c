"""What the vector index does when Qdrant is empty, gone, or answers what it was not asked."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient, models

from portfolio_twin.adapters.qdrant.filters import point_id
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.errors import IndexUnavailable
from tests.integration.fixtures.qdrant import KINDS, VERSION, Index, either_index, investors, serving, unit_vectors


@pytest.fixture(params=KINDS)
def empty_index(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    with either_index(request.param, tmp_path_factory.mktemp("qdrant")) as index:
        yield index


def test_missing_collections_are_an_outage_and_not_an_empty_answer(empty_index: Index) -> None:
    vector, tenant = unit_vectors(1)[0], uuid4()
    assert empty_index.healthy()
    for ask in (
        lambda: empty_index.search(tenant, VERSION, vector, limit=1),
        lambda: empty_index.similar(tenant, VERSION, "p", limit=1),
        lambda: empty_index.get_properties(tenant, VERSION, ["p"]),
        lambda: empty_index.get_user(tenant, VERSION, 1),
        lambda: empty_index.search_users(tenant, VERSION, vector, 1),
        lambda: empty_index.count(tenant, VERSION, "users"),
        lambda: list(empty_index.property_ids(tenant, VERSION)),
        lambda: empty_index.upsert_users(tenant, VERSION, investors(1)),
        lambda: empty_index.delete_versions(tenant, []),
    ):
        with pytest.raises(IndexUnavailable):
            ask()


def test_collections_are_made_once_however_often_asked_for(empty_index: Index) -> None:
    tenant = uuid4()
    empty_index.ensure_collections()
    empty_index.upsert_users(tenant, VERSION, investors(2))
    empty_index.ensure_collections()
    assert empty_index.count(tenant, VERSION, "users") == 2


def test_a_point_that_says_it_is_another_tenants_never_leaves(tmp_path_factory: pytest.TempPathFactory) -> None:
    tenant = uuid4()
    with serving(tmp_path_factory.mktemp("qdrant")) as url:
        index = VectorIndex(url)
        index.ensure_collections()
        index.upsert_properties(tenant, VERSION, ["p1", "p2"], unit_vectors(2), [{}, {}])
        forged = {"tenant_id": str(uuid4()), "model_version": VERSION, "property_id": "p1"}
        client = QdrantClient(url=url, check_compatibility=False)
        batch = models.Batch(ids=[point_id(tenant, VERSION, "p1")], vectors=[[1.0] * 16], payloads=[forged])
        client.upsert("property_embeddings", batch, wait=True)
        assert set(index.get_properties(tenant, VERSION, ["p1", "p2"])) == {"p2"}
        client.close()
        index.close()


def test_an_index_that_is_not_there_is_unavailable_and_comes_back_by_itself(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    state = tmp_path_factory.mktemp("qdrant")
    with serving(state) as url:
        index = VectorIndex(url)
        index.ensure_collections()
    assert not index.healthy()
    with pytest.raises(IndexUnavailable, match="does not answer"):
        index.get_user(uuid4(), VERSION, 1)
    with serving(state, port=int(url.rsplit(":", 1)[1])):
        assert index.get_user(uuid4(), VERSION, 1) is None
    index.close()


def test_the_client_is_imported_only_when_first_needed() -> None:
    check = (
        "import sys; from portfolio_twin.adapters.qdrant.index import VectorIndex; VectorIndex('http://localhost:1');"
        "assert not {'qdrant_client', 'grpc', 'httpx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", check], check=True, env={"PYTHONPATH": ":".join(sys.path)})
