"""The collections of the local Qdrant, kept in a state folder that one process serves at a time."""

import fcntl
import os
import re
import shutil
import threading
from pathlib import Path
from typing import IO

import qdrant_edge as edge

from infra.local.qdrant.collection import Collection, Unreadable

SAVE_SECONDS = 2.0
NAME = re.compile(r"[A-Za-z0-9_-]{1,100}")
UNFINISHED = ".new"


class StateInUse(Exception):
    """Another process serves this state folder."""


class CollectionMissing(Exception):
    pass


class CollectionExists(Exception):
    pass


class Shards:
    """All collections of one state folder."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "collections"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = _take_lock(state / "lock")
        try:
            self._collections = _open_all(self._folder)
        except Unreadable:
            self._lock.close()
            raise
        self._creating = threading.Lock()
        self._closing = threading.Event()
        self._saver = threading.Thread(target=self._save_now_and_then, name="qdrant-saver", daemon=True)
        self._saver.start()

    def __getitem__(self, name: str) -> Collection:
        if name not in self._collections:
            raise CollectionMissing(f"Collection `{name}` doesn't exist!")
        return self._collections[name]

    def names(self) -> list[str]:
        return sorted(self._collections)

    def create(self, name: str, config: edge.EdgeConfig) -> bool:
        """A folder gets its name when it is whole, so that a kill leaves no half of one."""
        if not NAME.fullmatch(name):
            raise ValueError(f"not a name for a collection: {name!r}")
        with self._creating:
            if name in self._collections:
                raise CollectionExists(f"Collection `{name}` already exists!")
            unfinished = self._folder / f"{name}{UNFINISHED}"
            edge.EdgeShard.create(str(unfinished), config).close()
            self._collections[name] = Collection(unfinished.rename(self._folder / name))
            return True

    def close(self) -> None:
        self._closing.set()
        self._saver.join()
        for collection in self._collections.values():
            collection.close()
        self._lock.close()

    def _save_now_and_then(self) -> None:
        while not self._closing.wait(SAVE_SECONDS):
            for collection in list(self._collections.values()):
                collection.flush()


def _open_all(folder: Path) -> dict[str, Collection]:
    for unfinished in folder.glob(f"*{UNFINISHED}"):
        shutil.rmtree(unfinished)
    return {kept.name: Collection(kept) for kept in folder.iterdir()}


def _take_lock(path: Path) -> IO[str]:
    """The lock goes with its process, however that ends: none is ever left behind."""
    lock = path.open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        holder = lock.read().strip()
        lock.close()
        raise StateInUse(f"{path.parent} is served by process {holder} already: stop it, or use its URL") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock
