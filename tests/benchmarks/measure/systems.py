"""This machine's stores for as long as a benchmark runs, and nothing left of them: a million rows are gigabytes."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.stores import postgres
from infra.local.stores.postgres_server import home_for
from infra.local.system import LocalSystem, local_system


@contextmanager
def temporary_system(**settings: str) -> Iterator[LocalSystem]:
    """As `local_system`, in a folder of its own."""
    with TemporaryDirectory() as folder:
        state = Path(folder)
        try:
            with local_system(state, **settings) as system:
                yield system
        finally:
            postgres.stop(state)
            shutil.rmtree(home_for(state))  # it may lie outside, where PostgreSQL cannot enter the folder
