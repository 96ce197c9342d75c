"""The REST calls of Qdrant that the product makes, answered by Qdrant's own engine."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local.qdrant import calls
from infra.local.qdrant.collection import OutOfService
from infra.local.qdrant.requests import NotUnderstood, collection_config
from infra.local.qdrant.shards import CollectionExists, CollectionMissing, Shards

Json = dict[str, Any]
RETRY_SECONDS = 5


def create_app(shards: Shards) -> Starlette:
    """The face over these collections, which it closes when the server goes down."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(shards.close)

    def named(call: Callable[..., Any]) -> Callable[[str, Json], Any]:
        return lambda name, body: call(shards[name], body)

    routes = [
        _route("GET", "/collections", lambda _name, _body: {"collections": [{"name": n} for n in shards.names()]}),
        _route("GET", "/collections/{name}/exists", lambda name, _body: {"exists": name in shards.names()}),
        _route("PUT", "/collections/{name}", lambda name, body: shards.create(name, collection_config(body))),
    ]
    routes += [_route(verb, "/collections/{name}" + path, named(call)) for (verb, path), call in calls.BY_ROUTE.items()]
    return Starlette(routes=routes, lifespan=lifespan)


def _route(verb: str, path: str, answer: Callable[[str, Json], Any]) -> Route:
    """Answers in Qdrant's envelope, worked out beside the event loop."""

    def work(name: str, body: bytes) -> Response:
        try:
            return _reply({"result": answer(name, orjson.loads(body or b"{}")), "status": "ok", "time": 0.0})
        except Exception as error:  # each becomes the status that Qdrant itself would give
            return _reply({"status": {"error": f"{type(error).__name__}: {error}"}, "time": 0.0}, _status_of(error))

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request.path_params.get("name", ""), await request.body())

    return Route(path, endpoint, methods=[verb])


def _reply(content: Json, status: int = 200) -> Response:
    headers = {"Retry-After": str(RETRY_SECONDS)} if status == 503 else None
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def _status_of(error: Exception) -> int:
    match error:
        case CollectionMissing():
            return 404
        case CollectionExists():
            return 409
        case OutOfService():
            return 503
        case NotUnderstood() | KeyError() | ValueError() | TypeError():
            return 400
    # The engine raises bare Exceptions: its own trouble is named so in the text, the rest is the request's.
    return 400 if type(error) is Exception and "runtime error" not in str(error) else 500
