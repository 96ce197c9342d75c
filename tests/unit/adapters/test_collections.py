"""How the collections are made."""

from typing import Any, cast

from portfolio_twin.adapters.qdrant.collections import Layout, ensure_collection


class Recorder:
    """A client of a Qdrant with nothing in it, or with everything."""

    def __init__(self, *, there: bool) -> None:
        self.there, self.made = there, dict[str, Any]()

    def collection_exists(self, name: str) -> bool:
        return self.there

    def create_collection(self, name: str, vectors: Any, **options: Any) -> None:
        self.made = {"on_disk": vectors.on_disk, **options}

    def create_payload_index(self, *_: Any, **__: Any) -> None:
        """Asked for again it costs nothing."""


def test_a_collection_is_made_with_the_shards_copies_and_place_of_the_settings() -> None:
    client = Recorder(there=False)
    ensure_collection(cast("Any", client), "properties", Layout(shards=6, replicas=2, on_disk=True))
    assert client.made == {"on_disk": True, "shard_number": 6, "replication_factor": 2}


def test_one_that_is_there_already_is_left_as_it_is() -> None:
    client = Recorder(there=True)
    ensure_collection(cast("Any", client), "users", Layout(shards=6))
    assert client.made == {}
