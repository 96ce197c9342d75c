"""What the vector index does when Qdrant is empty, gone, or answers what it was not asked."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from qdrant_client import QdrantClient, models

from portfolio_twin.adapters.qdrant.filters import point_id
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.errors import IndexUnavailable
from tests.fakes.processes import run
from tests.integration.fixtures.qdrant import KINDS, VERSION, Index, either_index, investors, serving, unit_vectors


@pytest.fixture(params=KINDS)
def empty_index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    with either_index(request.param, tmp_path) as index:
        yield index


@pytest.mark.case(23)
def test_missing_collections_are_an_outage_and_not_an_empty_answer(empty_index: Index) -> None:
    vector, own = unit_vectors(1)[0], empty_index.of(uuid4(), VERSION)
    assert empty_index.healthy()
    for ask in (
        lambda: own.search(vector, limit=1),
        lambda: own.similar("p", limit=1),
        lambda: own.get_properties(["p"]),
        lambda: own.get_user(1),
        lambda: own.search_users(vector, 1),
        lambda: own.count("users"),
        lambda: list(own.property_ids()),
        lambda: own.upsert_users(investors(1)),
        lambda: own.delete_all_versions_but([]),
    ):
        with pytest.raises(IndexUnavailable):
            ask()


def test_collections_are_made_once_however_often_asked_for(empty_index: Index) -> None:
    own = empty_index.of(uuid4(), VERSION)
    empty_index.ensure_collections()
    own.upsert_users(investors(2))
    empty_index.ensure_collections()
    assert own.count("users") == 2


def test_a_point_that_says_it_is_another_tenants_never_leaves(tmp_path: Path) -> None:
    tenant = uuid4()
    with serving(tmp_path) as url:
        index = VectorIndex(url)
        index.ensure_collections()
        own = index.of(tenant, VERSION)
        own.upsert_properties(["p1", "p2"], unit_vectors(2), [{}, {}])
        forged = {"tenant_id": str(uuid4()), "model_version": VERSION, "property_id": "p1"}
        client = QdrantClient(url=url, check_compatibility=False)
        batch = models.Batch(ids=[point_id(tenant, VERSION, "p1")], vectors=[[1.0] * 16], payloads=[forged])
        client.upsert("property_embeddings", batch, wait=True)
        assert set(own.get_properties(["p1", "p2"])) == {"p2"}
        client.close()
        index.close()


def test_an_index_that_is_not_there_is_unavailable_and_comes_back_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as url:
        index = VectorIndex(url)
        index.ensure_collections()
    assert not index.healthy()
    with pytest.raises(IndexUnavailable, match="does not answer"):
        index.of(uuid4(), VERSION).get_user(1)
    with serving(tmp_path, port=int(url.rsplit(":", 1)[1])):
        assert index.of(uuid4(), VERSION).get_user(1) is None
    index.close()


def test_importing_a_function_imports_the_client_of_no_store() -> None:
    check = (
        "import sys; import functions.api.predict.app;"
        "assert not {'qdrant_client', 'grpc', 'httpx', 'sqlalchemy', 'pg8000'} & set(sys.modules)"
    )
    run("-c", check)
