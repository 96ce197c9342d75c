"""The local Qdrant's state: used by many at once, by one process, and there again however that one ended."""

import os
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from infra.local.qdrant.collection import Collection, OutOfService, Unreadable
from infra.local.qdrant.server import QdrantFace
from infra.local.qdrant.shards import Shards, StateInUse
from portfolio_twin.adapters.qdrant.index import VectorIndex
from tests.fakes import processes
from tests.integration.fixtures.qdrant import VERSION, index_over_http, investors, serving
from tests.integration.fixtures.qdrant_questions import OTHER, QUESTIONS, TENANT, VECTOR, N, fill

SERVER = ("-m", "infra.local.qdrant.server", "--port", 0, "--state")
STOP_SECONDS = 60


def test_many_threads_write_and_read_at_once(tmp_path: Path) -> None:
    with index_over_http(tmp_path) as index:
        index.ensure_collections()

        def work(number: int) -> int:
            own = index.of(UUID(int=100 + number), VERSION)
            for start in range(0, N, 100):
                own.upsert_users(investors(N)[start : start + 100])
                own.search_users(VECTOR, 5)
            return own.count("users")

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(work, range(16))) == [N] * 16


def test_a_collection_out_of_service_says_so_and_does_not_wait(tmp_path: Path) -> None:
    with index_over_http(tmp_path) as index:
        index.ensure_collections()
    collection = Collection(tmp_path / "collections" / "user_embeddings")
    collection.close()
    with pytest.raises(OutOfService), collection.use():
        pytest.fail("a closed collection was handed out")


def test_everything_is_there_after_an_orderly_restart(tmp_path: Path) -> None:
    with index_over_http(tmp_path) as index:
        fill(index)
        before = {name: ask(index) for name, ask in QUESTIONS.items()}
    with index_over_http(tmp_path) as index:
        assert {name: ask(index) for name, ask in QUESTIONS.items()} == before
        index.ensure_collections()
        own = index.of(TENANT, VERSION)
        own.upsert_properties(["new"], VECTOR[None], [{}])
        assert own.search(VECTOR, limit=1)[0].property_id == "new"


def in_a_process(state: Path) -> tuple["subprocess.Popen[str]", str]:
    process = processes.start(*SERVER, state)
    assert process.stdout is not None
    return process, next(word.strip(",") for word in process.stdout.readline().split() if word.startswith("http"))


def test_nothing_acknowledged_is_lost_by_kill_9_at_any_moment(tmp_path: Path) -> None:
    (tmp_path / "collections" / "half_made.new").mkdir(parents=True)
    for round_number in range(2):
        process, url = in_a_process(tmp_path)
        index = VectorIndex(url)
        fill(index)
        if round_number == 1:
            index.of(OTHER, VERSION).delete_all_versions_but(keep=[])
        process.send_signal(signal.SIGKILL)
        process.communicate()
        index.close()
    with index_over_http(tmp_path) as index:
        assert [index.of(t, VERSION).count("users") for t in (TENANT, OTHER)] == [N, 0]
        assert index.of(TENANT, VERSION).get_user(8) == investors(N)[8]
    assert not (tmp_path / "collections" / "half_made.new").exists()


def test_a_terminated_server_saves_and_leaves_in_order(tmp_path: Path) -> None:
    process, url = in_a_process(tmp_path)
    index = VectorIndex(url)
    fill(index)
    index.close()
    process.terminate()
    process.communicate(timeout=STOP_SECONDS)
    Shards(tmp_path).close()
    with index_over_http(tmp_path) as again:
        assert again.of(TENANT, VERSION).count("properties") == N


def test_a_second_server_on_the_same_state_is_told_who_holds_it(tmp_path: Path) -> None:
    with serving(tmp_path):
        with pytest.raises(StateInUse, match=f"served by process {os.getpid()}"):
            QdrantFace(tmp_path)
        second = processes.run(*SERVER, tmp_path, check=False)
    assert second.returncode == 2
    assert f"served by process {os.getpid()}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_state_that_cannot_be_read_names_the_folder(tmp_path: Path) -> None:
    (tmp_path / "collections" / "user_embeddings").mkdir(parents=True)
    with pytest.raises(Unreadable, match="user_embeddings cannot be opened"):
        Shards(tmp_path)
