"""Where a training keeps its files, by name: a folder, or a prefix in the bucket."""

from pathlib import Path
from typing import Protocol

from portfolio_twin.adapters.s3.objects import Objects


class Store(Protocol):
    def read(self, name: str) -> bytes | None: ...

    def write(self, name: str, data: bytes) -> None: ...


class FolderStore:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def read(self, name: str) -> bytes | None:
        path = self._folder / name
        return path.read_bytes() if path.exists() else None

    def write(self, name: str, data: bytes) -> None:
        (self._folder / name).write_bytes(data)


class S3Store:
    def __init__(self, objects: Objects, prefix: str) -> None:
        self._objects, self._prefix = objects, prefix

    def read(self, name: str) -> bytes | None:
        stored = self._objects.find(self._prefix + name)
        return stored.body if stored else None

    def write(self, name: str, data: bytes) -> None:
        self._objects.write(self._prefix + name, data)
