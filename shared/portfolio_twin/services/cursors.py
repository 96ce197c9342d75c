"""Cursors: where the next page of one question begins, bound to the model version that answered the first."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from portfolio_twin.errors import CursorExpired, InvalidInput

CURSOR = "next_cursor of the page before, with the same question, else 422; 409 where another model went live since"
Cursor = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024, pattern=r"^[A-Za-z0-9_=-]+$"),
    Field(description=CURSOR),
]
NEXT_CURSOR = "the cursor of the next page; null on the last one"
PAGING = frozenset({"cursor", "skip", "top_k", "explain"})  # what may differ from page to page
POINT: TypeAdapter[str] = TypeAdapter(Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")])  # of the index
STORED = TypeAdapter(tuple[str, str, Any])


def write_cursor(version: str, question: BaseModel, position: str | int) -> str:
    """Opaque to the caller; `position` is what `read_cursor` gives back."""
    return urlsafe_b64encode(json.dumps([version, _digest(question), position]).encode()).decode()


def read_cursor(cursor: str, version: str, question: BaseModel, position: TypeAdapter[Any]) -> Any:
    """Where the page begins, checked by `position`.

    Raises CursorExpired where another model is live by now, InvalidInput for a cursor of anything else.
    """
    try:
        made_by, asked, at = STORED.validate_json(urlsafe_b64decode(cursor))
        begin = position.validate_python(at, strict=True)
    except (ValueError, ValidationError):
        raise InvalidInput("cursor: it is not one that an answer gave") from None
    if made_by != version:
        raise CursorExpired("cursor: another model has gone live since: ask for the first page again, without cursor")
    if asked != _digest(question):
        raise InvalidInput("cursor: it belongs to another question: send the one that it came with")
    return begin


def _digest(question: BaseModel) -> str:
    asked = question.model_dump_json(exclude=set(PAGING), exclude_defaults=True)
    return sha256(f"{type(question).__name__} {asked}".encode()).hexdigest()[:16]
