"""Qdrant's REST bodies as requests to its engine. What is not understood is refused: a filter is never half applied.

The engine takes 3-8 µs to read each value of a payload. So a point is stored with its payload as one JSON text, and
beside it only the indexed fields, which are all that a filter may name.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import qdrant_edge as edge

Json = Mapping[str, Any]
Fields = Collection[str]

PAYLOAD = "payload_json"
FOUND_LIMIT = 1_000  # points whose payload one operation changes
SCHEMAS = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "float": edge.PayloadSchemaType.Float,
    "geo": edge.PayloadSchemaType.Geo,
}


class NotUnderstood(Exception):
    """The request is wrong, or it is one that the product does not make."""


def collection_config(body: Json) -> edge.EdgeConfig:
    vectors = body["vectors"]
    if vectors["distance"] != "Cosine":
        raise NotUnderstood(f"distance {vectors['distance']!r}: only Cosine is served")
    return edge.EdgeConfig(vectors=edge.EdgeVectorParams(size=vectors["size"], distance=edge.Distance.Cosine))


def index_operation(body: Json) -> edge.UpdateOperation:
    schema = body["field_schema"]
    if isinstance(schema, str):
        return edge.UpdateOperation.create_field_index(body["field_name"], _one_of(SCHEMAS, schema))
    if schema["type"] != "keyword":
        raise NotUnderstood(f"index parameters of type {schema['type']!r}")
    params = edge.KeywordIndexParams(is_tenant=schema.get("is_tenant"))
    return edge.UpdateOperation.create_field_index(body["field_name"], params)


def upsert_operation(body: Json, indexed: Fields) -> edge.UpdateOperation:
    batch = body["batch"]
    rows = zip(batch["ids"], batch["vectors"], batch["payloads"], strict=True)
    return edge.UpdateOperation.upsert_points([edge.Point(i, v, _stored(p, indexed)) for i, v, p in rows])


def _stored(payload: Json, indexed: Fields) -> dict[str, Any]:
    text = orjson.dumps(payload).decode()
    return {PAYLOAD: text, **{field: payload[field] for field in indexed if payload.get(field) is not None}}


class Change(NamedTuple):
    found: Json  # the request that finds the points
    payload: Json  # what is set in theirs


def set_payload(operation: Json) -> Change:
    if operation.keys() != {"set_payload"} or operation["set_payload"].keys() - {"payload", "filter"}:
        raise NotUnderstood(f"a batch with {sorted(operation)}: only set_payload by a filter is served")
    change = operation["set_payload"]
    found = {"filter": change["filter"], "limit": FOUND_LIMIT, "with_vector": True}
    return Change(found, change["payload"])


def change_operation(found: Sequence[edge.Record], payload: Json, indexed: Fields) -> edge.UpdateOperation:
    """The same points with these fields set."""
    return edge.UpdateOperation.upsert_points(
        [
            edge.Point(point.id, point.vector, _stored({**orjson.loads(point.payload[PAYLOAD]), **payload}, indexed))
            for point in found
            if point.payload and point.vector is not None
        ]
    )


def delete_operation(body: Json, indexed: Fields) -> edge.UpdateOperation:
    return edge.UpdateOperation.delete_points_by_filter(_filter(body["filter"], indexed))


def query_batch(body: Json, indexed: Fields) -> edge.QueryBatchRequest:
    return edge.QueryBatchRequest([_query(search, indexed) for search in body["searches"]])


def _query(search: Json, indexed: Fields) -> edge.QueryRequest:
    query = search["query"]
    vector = query["nearest"] if isinstance(query, Mapping) else query
    if not isinstance(vector, list):
        raise NotUnderstood("only queries by vector are served")
    return edge.QueryRequest(
        limit=search["limit"],
        query=edge.Query.Nearest(vector),
        filter=_optional_filter(search, indexed),
        with_payload=[PAYLOAD] if search.get("with_payload") else False,  # unread, where only ids are asked for
        with_vector=search.get("with_vector", False),
    )


def count_request(body: Json, indexed: Fields) -> edge.CountRequest:
    return edge.CountRequest(filter=_optional_filter(body, indexed), exact=True)


def scroll_request(body: Json, indexed: Fields) -> edge.ScrollRequest:
    return edge.ScrollRequest(
        limit=body["limit"],
        offset=body.get("offset"),
        filter=_optional_filter(body, indexed),
        with_payload=[PAYLOAD],
        with_vector=body.get("with_vector", False),
    )


def _optional_filter(body: Json, indexed: Fields) -> edge.Filter | None:
    return _filter(body["filter"], indexed) if body.get("filter") is not None else None


def _filter(body: Json, indexed: Fields) -> edge.Filter:
    if unknown := body.keys() - {"must", "must_not"}:
        raise NotUnderstood(f"filter clauses {sorted(unknown)}")
    read = {clause: [_condition(c, indexed) for c in _as_list(conditions)] for clause, conditions in body.items()}
    return edge.Filter(must=read.get("must"), must_not=read.get("must_not"))


def _as_list(conditions: Json | Sequence[Json]) -> Sequence[Json]:
    return [conditions] if isinstance(conditions, Mapping) else conditions


def _condition(body: Json, indexed: Fields) -> Any:
    if body.keys() == {"has_id"}:
        return edge.HasIdCondition(set(body["has_id"]))
    if body["key"] not in indexed:
        raise NotUnderstood(f"filter on {body['key']!r}, which has no index")
    (kind,) = body.keys() - {"key"}
    return edge.FieldCondition(body["key"], **{kind: _one_of(CONDITIONS, kind)(body[kind])})


def _match(body: Json) -> Any:
    ((kind, value),) = body.items()
    return _one_of({"value": edge.MatchValue, "any": edge.MatchAny}, kind)(value)


CONDITIONS = {
    "match": _match,
    "range": lambda limits: edge.RangeFloat(**limits),
    "geo_radius": lambda body: edge.GeoRadius(center=edge.GeoPoint(**body["center"]), radius=body["radius"]),
}


def _one_of(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise NotUnderstood(f"{name!r} is none of {sorted(table)}")
    return table[name]
