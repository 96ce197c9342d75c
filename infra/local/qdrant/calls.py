"""What each REST call does with a collection: body in, result out."""

from collections.abc import Callable
from typing import Any

import orjson
import qdrant_edge as edge

from infra.local.qdrant import requests
from infra.local.qdrant.collection import Collection

Json = dict[str, Any]
Fields = bool | list[str]  # all, none, or these
ACKNOWLEDGED = {"operation_id": 0, "status": "completed"}


def create_index(collection: Collection, body: Json) -> Json:
    """Again for the same field changes nothing."""
    if body["field_name"] not in collection.indexed:
        collection.create_index(requests.index_operation(body))
    return ACKNOWLEDGED


def upsert(collection: Collection, body: Json) -> Json:
    return _update(collection, requests.upsert_operation(body, collection.indexed))


def delete(collection: Collection, body: Json) -> Json:
    return _update(collection, requests.delete_operation(body, collection.indexed))


def set_payloads(collection: Collection, body: Json) -> list[Json]:
    """Each operation in its turn: of a batch only this kind is served."""
    for operation in body["operations"]:
        change = requests.set_payload(operation)
        with collection.use(writing=True) as shard:
            found, _ = shard.scroll(requests.scroll_request(change.found, collection.indexed))
            shard.update(requests.change_operation(found, change.payload, collection.indexed))
    return [ACKNOWLEDGED for _ in body["operations"]]


def _update(collection: Collection, operation: edge.UpdateOperation) -> Json:
    with collection.use(writing=True) as shard:
        shard.update(operation)
    return ACKNOWLEDGED


def retrieve(collection: Collection, body: Json) -> list[Json]:
    with collection.use() as shard:
        records = shard.retrieve(body["ids"], [requests.PAYLOAD], body.get("with_vector", False))
    return [_point(record, body.get("with_payload", True)) for record in records]


def query_batch(collection: Collection, body: Json) -> list[Json]:
    request = requests.query_batch(body, collection.indexed)
    with collection.use() as shard:
        answers = shard.query_batch(request)
    wanted = [search.get("with_payload", False) for search in body["searches"]]
    return [
        {"points": [_point(hit, fields) | {"score": hit.score, "version": 0} for hit in hits]}
        for hits, fields in zip(answers, wanted, strict=True)
    ]


def count(collection: Collection, body: Json) -> Json:
    request = requests.count_request(body, collection.indexed)
    with collection.use() as shard:
        return {"count": shard.count(request)}


def scroll(collection: Collection, body: Json) -> Json:
    request = requests.scroll_request(body, collection.indexed)
    with collection.use() as shard:
        page, following = shard.scroll(request)
    points = [_point(record, body.get("with_payload", True)) for record in page]
    return {"points": points, "next_page_offset": following}


def _point(stored: edge.Record | edge.ScoredPoint, fields: Fields) -> Json:
    point: Json = {"id": stored.id}
    if fields and stored.payload is not None:
        point["payload"] = _payload(stored.payload[requests.PAYLOAD], fields)
    if stored.vector is not None:
        point["vector"] = stored.vector
    return point


def _payload(text: str, fields: Fields) -> orjson.Fragment | Json:
    if isinstance(fields, bool):
        return orjson.Fragment(text)
    payload = orjson.loads(text)
    return {field: payload[field] for field in fields if field in payload}


BY_ROUTE: dict[tuple[str, str], Callable[[Collection, Json], Any]] = {
    ("PUT", "/index"): create_index,
    ("PUT", "/points"): upsert,
    ("POST", "/points"): retrieve,
    ("POST", "/points/query/batch"): query_batch,
    ("POST", "/points/count"): count,
    ("POST", "/points/scroll"): scroll,
    ("POST", "/points/delete"): delete,
    ("POST", "/points/batch"): set_payloads,
}
