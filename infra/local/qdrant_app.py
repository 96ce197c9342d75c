"""The REST calls of Qdrant that the product makes, answered by Qdrant's own engine."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import orjson
import qdrant_edge as edge
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.local import qdrant_requests as requests
from infra.local.qdrant_collection import Collection, OutOfService
from infra.local.qdrant_shards import CollectionMissing, Shards

Json = dict[str, Any]
Call = Callable[[Collection, Json], Any]
ACKNOWLEDGED = {"operation_id": 0, "status": "completed"}
RETRY_SECONDS = "5"


def create_app(shards: Shards) -> Starlette:
    """The face over these collections, which it closes when the server goes down."""

    def list_collections(name: str, body: Json) -> Any:
        return {"collections": [{"name": known} for known in shards.names()]}

    def exists(name: str, body: Json) -> Any:
        return {"exists": name in shards.names()}

    def create(name: str, body: Json) -> Any:
        if not shards.create(name, requests.collection_config(body)):
            raise CollectionThere(f"Collection `{name}` already exists!")
        return True

    def on(call: Call) -> Callable[[str, Json], Any]:
        return lambda name, body: call(shards[name], body)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(shards.close)

    routes = [
        ("GET", "/collections", list_collections),
        ("GET", "/collections/{name}/exists", exists),
        ("PUT", "/collections/{name}", create),
        ("PUT", "/collections/{name}/index", on(_update(requests.index_operation))),
        ("PUT", "/collections/{name}/points", on(_update(requests.upsert_operation))),
        ("POST", "/collections/{name}/points", on(_retrieve)),
        ("POST", "/collections/{name}/points/query/batch", on(_query_batch)),
        ("POST", "/collections/{name}/points/count", on(_count)),
        ("POST", "/collections/{name}/points/scroll", on(_scroll)),
        ("POST", "/collections/{name}/points/delete", on(_update(requests.delete_operation))),
        ("POST", "/collections/{name}/optimize", on(_optimise)),
    ]
    return Starlette(
        routes=[Route(path, _endpoint(answer), methods=[method]) for method, path, answer in routes],
        lifespan=lifespan,
    )


class CollectionThere(Exception):
    pass


def _endpoint(answer: Callable[[str, Json], Any]) -> Callable[[Request], Awaitable[Response]]:
    """The answer in Qdrant's envelope, worked out beside the event loop."""

    def work(name: str, body: bytes) -> Response:
        try:
            result = answer(name, orjson.loads(body or b"{}"))
        except Exception as error:  # each becomes the status that Qdrant itself would give
            status = _status_of(error)
            headers = {"Retry-After": RETRY_SECONDS} if status == 503 else None
            return _reply({"status": {"error": f"{type(error).__name__}: {error}"}, "time": 0.0}, status, headers)
        return _reply({"result": result, "status": "ok", "time": 0.0})

    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(work, request.path_params.get("name", ""), await request.body())

    return endpoint


def _reply(content: Json, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), status, headers, media_type="application/json")


def _status_of(error: Exception) -> int:
    match error:
        case CollectionMissing():
            return 404
        case CollectionThere():
            return 409
        case OutOfService():
            return 503
        case requests.NotUnderstood() | KeyError() | ValueError() | TypeError():
            return 400
    # The engine raises bare Exceptions: its own trouble is named so in the text, the rest is the request's.
    return 500 if "runtime error" in str(error) or type(error) is not Exception else 400


def _update(operation: Callable[[Json], edge.UpdateOperation]) -> Call:
    """The call that reads such an operation from the body and carries it out."""

    def call(collection: Collection, body: Json) -> Json:
        read = operation(body)
        with collection.use(writing=True) as shard:
            shard.update(read)
        return ACKNOWLEDGED

    return call


def _retrieve(collection: Collection, body: Json) -> list[Json]:
    with collection.use() as shard:
        found = shard.retrieve(body["ids"], body.get("with_payload", True), body.get("with_vector", False))
    return [_point(record) for record in found]


def _query_batch(collection: Collection, body: Json) -> list[Json]:
    request = requests.query_batch(body)
    with collection.use() as shard:
        answers = shard.query_batch(request)
    return [{"points": [{**_point(hit), "score": hit.score, "version": 0} for hit in hits]} for hits in answers]


def _count(collection: Collection, body: Json) -> Json:
    request = requests.count_request(body)
    with collection.use() as shard:
        return {"count": shard.count(request)}


def _scroll(collection: Collection, body: Json) -> Json:
    request = requests.scroll_request(body)
    with collection.use() as shard:
        page, following = shard.scroll(request)
    return {"points": [_point(record) for record in page], "next_page_offset": following}


def _optimise(collection: Collection, body: Json) -> bool:
    collection.optimise()
    return True


def _point(found: edge.Record | edge.ScoredPoint) -> Json:
    point = {"id": found.id, "payload": found.payload}
    return point if found.vector is None else {**point, "vector": found.vector}
