"""Many items in one request: each is checked alone, so that a bad one spoils no other."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json

from portfolio_twin.errors import InvalidInput, UnreadableInput

Item = TypeVar("Item")
Model = TypeVar("Model", bound=BaseModel)
FAULTS_NAMED = 5
PYTHON_TERM = re.compile(r"\b([Tt]uple|[Ll]ist|[Dd]ictionary(?: or .*)?)\b")


class ItemError(BaseModel):
    code: str
    message: str


def parse_body(model: type[Model], body: bytes) -> Model:
    """The request in a body; raises UnreadableInput for what is not JSON, InvalidInput for what breaks a rule."""
    if not body.strip():
        raise InvalidInput("the body is empty")
    try:
        return model.model_validate(_read(body))
    except ValidationError as error:
        raise InvalidInput(describe(error.errors())) from None
    except (ValueError, RecursionError):
        raise UnreadableInput("the body is not JSON") from None


def _read(body: bytes) -> Any:
    try:
        return from_json(body)
    except ValueError:  # this takes three times as long, and reads more: a lone surrogate, which a model then refuses
        return json.loads(body)


def describe(faults: Sequence[Mapping[str, Any]]) -> str:
    """Where and why, for the first few of pydantic's faults; never what was sent."""
    return "; ".join(_in_words(fault["loc"], fault["msg"]) for fault in faults[:FAULTS_NAMED])


def _in_words(path: Sequence[int | str], message: str) -> str:
    where = ".".join(str(part) for part in path) or "the whole"
    return f"{where}: {PYTHON_TERM.sub(_json_term, message)}".encode("ascii", "backslashreplace").decode()


def _json_term(found: re.Match[str]) -> str:
    """What a caller who sends JSON calls it."""
    term = "object" if found[0].lower().startswith("dict") else "array"
    return term.capitalize() if found[0][0].isupper() else term


def validate_each(adapter: TypeAdapter[list[Item]], items: list[Any]) -> tuple[dict[int, Item], dict[int, str]]:
    """The good items and what is wrong with the others, both by position."""
    try:
        return dict(enumerate(adapter.validate_python(items))), {}
    except ValidationError as error:
        wrong: dict[int, str] = {}
        for fault in error.errors(include_input=False, include_url=False):
            position, *path = fault["loc"]
            wrong.setdefault(int(position), _in_words(path, fault["msg"]))
    kept = [position for position in range(len(items)) if position not in wrong]
    return dict(zip(kept, adapter.validate_python([items[position] for position in kept]), strict=True)), wrong
