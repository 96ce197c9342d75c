"""The files of one import, on this machine's disk."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from portfolio_twin.adapters.files.sheets import Reading


@dataclass(frozen=True)
class GivenFile:
    name: str  # what its bad rows are told under
    path: Path
    reading: Reading = field(default_factory=Reading)


class GivenFiles(NamedTuple):
    """Stored together, or neither."""

    properties: GivenFile | None = None
    interactions: GivenFile | None = None
