"""How `twin` ends: 2 when it cannot do what was asked, and says what to do; 1 when it could, and that went wrong."""

import sys
from typing import NoReturn

IMPOSSIBLE = 2


def give_up(message: str) -> NoReturn:
    """For what the caller has to change first; raises SystemExit."""
    print(message, file=sys.stderr)
    raise SystemExit(IMPOSSIBLE)
