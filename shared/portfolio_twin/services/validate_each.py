"""Many items in one request: each is checked alone, so that a bad one spoils no other."""

from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

Item = TypeVar("Item")


class ItemError(BaseModel):
    code: str
    message: str


def validate_each(adapter: TypeAdapter[list[Item]], items: list[Any]) -> tuple[dict[int, Item], dict[int, str]]:
    """The good items and what is wrong with the others, both by place."""
    try:
        return dict(enumerate(adapter.validate_python(items))), {}
    except ValidationError as error:
        wrong: dict[int, str] = {}
        for found in error.errors(include_input=False, include_url=False):
            place, *path = found["loc"]
            where = ".".join(str(part) for part in path) or "the item"
            wrong.setdefault(int(place), f"{where}: {found['msg']}".encode("ascii", "backslashreplace").decode())
    kept = [place for place in range(len(items)) if place not in wrong]
    return dict(zip(kept, adapter.validate_python([items[place] for place in kept]), strict=True)), wrong
