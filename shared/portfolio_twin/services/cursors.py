"""Where a list goes on: an opaque text, bound to its question and to the model version whose answer it continues.

It grants nothing: every page is asked for under the caller's own tenant, whatever the text says.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, StringConstraints

from portfolio_twin.errors import CursorExpired, InvalidInput

CURSOR = "`next_cursor` of the page before, with the same question; 409 when another model went live since"
Cursor = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9_-]+$"),
    Field(description=CURSOR),
]
Place = TypeVar("Place")
PAGE_FIELDS = {"cursor", "top_k"}  # how much and from where: no part of what is asked


def write_cursor(after: str, version: str, question: BaseModel) -> str:
    """`after`: where the next page begins, in the words of whoever lists."""
    text = json.dumps([version, _digest(question), after])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, version: str, question: BaseModel, read: Callable[[str], Place]) -> Place:
    """What `write_cursor` was given, by `read`, which raises ValueError for what it cannot be.

    Raises InvalidInput, and CursorExpired where another model is live by now.
    """
    try:
        of_version, digest, after = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = read(str(after))
    except (ValueError, TypeError):
        raise InvalidInput("cursor: it is none that an answer gave") from None
    if digest != _digest(question):
        raise InvalidInput("cursor: it belongs to another question; ask this one without a cursor first")
    if of_version != version:
        raise CursorExpired("another model went live since: ask again without the cursor")
    return place


def _digest(question: BaseModel) -> str:
    asked = question.model_dump_json(exclude=PAGE_FIELDS, exclude_none=True)
    return hashlib.sha256(f"{type(question).__name__} {asked}".encode()).hexdigest()[:16]
