"""README's table of all routes: what each does, and the scope that its token must have."""

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from infra.local.cloud.gateway import scope_of
from portfolio_twin.entrypoints.document import operations

FIRST, LAST = "<!-- the routes: make openapi -->\n", "<!-- so far -->\n"
HEADING = "| route | what it does | scope |\n|---|---|---|\n"


def with_routes(readme: str, document: Mapping[str, Any], apps: Mapping[str, FastAPI]) -> str:
    """The page with its table made anew; raises ValueError where it has no place for one."""
    before, _, rest = readme.partition(FIRST)
    _, last, after = rest.partition(LAST)
    if not last:
        raise ValueError(f"README.md has no place for the routes: {FIRST.strip()} … {LAST.strip()}")
    return before + FIRST + HEADING + _rows(document, apps) + LAST + after


def _rows(document: Mapping[str, Any], apps: Mapping[str, FastAPI]) -> str:
    """In the order of docs/api.md; routes that do the same share a row."""
    place = {tag["name"]: i for i, tag in enumerate(document["tags"])}
    told = sorted(operations(document), key=lambda each: place[each[2]["tags"][0]])
    function_of = _functions(apps)
    rows: dict[tuple[str, str], list[str]] = {}
    for path, method, operation in told:
        scope = f"`{scope_of(function_of[path, method], method.upper())}`" if operation["security"] else "none"
        rows.setdefault((operation["summary"], scope), []).append(f"`{method.upper()} {path}`")
    return "".join(f"| {' · '.join(routes)} | {summary} | {scope} |\n" for (summary, scope), routes in rows.items())


def _functions(apps: Mapping[str, FastAPI]) -> dict[tuple[str, str], str]:
    routes = [(name, route) for name, app in apps.items() for route in app.routes if isinstance(route, APIRoute)]
    return {(route.path_format, method.lower()): name for name, route in routes for method in route.methods or ()}
