"""One collection of the local Qdrant: a shard of Qdrant's engine in a folder of its own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import qdrant_edge as edge

TIDY_LIMIT_POINTS = 100_000  # up to here it takes a second at most; above, an HNSW graph is built, for minutes


class OutOfService(Exception):
    """The server is going down."""


class Unreadable(Exception):
    """The folder holds no shard that the engine can open."""


class Collection:
    """The shard, used by many threads at once until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._idle = threading.Condition()
        self._users = 0
        self._unsaved = False
        self._shard: edge.EdgeShard | None = _open(folder)
        self.indexed = frozenset(self._shard.info().payload_schema)
        if self._shard.info().points_count <= TIDY_LIMIT_POINTS:
            self._shard.optimize()  # drops what deleted points left behind

    @contextmanager
    def use(self, *, writing: bool = False) -> Iterator[edge.EdgeShard]:
        with self._idle:
            if self._shard is None:
                raise OutOfService(f"collection {self._folder.name} is closed: the server is going down")
            shard = self._shard
            self._users += 1
        try:
            yield shard
        finally:
            with self._idle:
                self._users -= 1
                self._unsaved |= writing
                self._idle.notify_all()

    def create_index(self, operation: edge.UpdateOperation) -> None:
        """Only while it is empty: points are stored with the fields that were indexed when they came."""
        with self.use(writing=True) as shard:
            if shard.info().points_count:
                raise ValueError(f"{self._folder.name} has points that lack this index: delete {self._folder}")
            shard.update(operation)
            self.indexed = frozenset(shard.info().payload_schema)

    def flush(self) -> None:
        """Saves what was written, so that the log of changes stays short and the next start quick."""
        if self._unsaved:
            with self.use() as shard:
                self._unsaved = False
                shard.flush()

    def close(self) -> None:
        """Waits for those who use it, saves, and hands the shard to nobody any more."""
        with self._idle:
            shard, self._shard = self._shard, None
            self._idle.wait_for(lambda: self._users == 0)
        if shard is not None:
            shard.flush()
            shard.close()


def _open(folder: Path) -> edge.EdgeShard:
    try:
        return edge.EdgeShard.load(str(folder))
    except Exception as error:  # the engine raises nothing more particular
        raise Unreadable(f"{folder} cannot be opened: {error}. Delete it: its points can be made again") from error
