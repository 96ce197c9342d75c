"""How `twin` ends: 2 when it cannot do what was asked, and says what to do; 1 when it could, and that went wrong."""

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import NoReturn

IMPOSSIBLE = 2


def give_up(message: str) -> NoReturn:
    """For what the caller has to change first; raises SystemExit."""
    print(message, file=sys.stderr)
    raise SystemExit(IMPOSSIBLE)


def to_type(*words: str, state: Path) -> str:
    """A command of `twin` as it can be pasted: by its path where PATH does not lead to it, with its state folder."""
    from infra.local.system import DEFAULT_STATE  # which says how a command gives up by this module

    twin = Path(sys.executable).parent / "twin"
    known = shutil.which("twin") == str(twin)
    name = "twin" if known else os.path.relpath(twin) if twin.is_relative_to(Path.cwd()) else str(twin)
    where = [] if state.resolve() == DEFAULT_STATE.resolve() else ["--state", str(state)]
    return shlex.join([name, *words, *where])
