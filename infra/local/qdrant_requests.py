"""Qdrant's REST bodies as requests to its engine. What is not understood is refused: a filter is never half applied."""

from collections.abc import Mapping, Sequence
from typing import Any

import qdrant_edge as edge

Json = Mapping[str, Any]

SCHEMAS = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "float": edge.PayloadSchemaType.Float,
    "integer": edge.PayloadSchemaType.Integer,
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
        return edge.UpdateOperation.create_field_index(body["field_name"], _known(SCHEMAS, schema))
    if schema["type"] != "keyword":
        raise NotUnderstood(f"index parameters of type {schema['type']!r}")
    params = edge.KeywordIndexParams(is_tenant=schema.get("is_tenant"))
    return edge.UpdateOperation.create_field_index(body["field_name"], params)


def upsert_operation(body: Json) -> edge.UpdateOperation:
    batch = body["batch"]
    rows = zip(batch["ids"], batch["vectors"], batch["payloads"], strict=True)
    return edge.UpdateOperation.upsert_points([edge.Point(*row) for row in rows])


def delete_operation(body: Json) -> edge.UpdateOperation:
    return edge.UpdateOperation.delete_points_by_filter(_filter(body["filter"]))


def query_batch(body: Json) -> edge.QueryBatchRequest:
    return edge.QueryBatchRequest([_query(search) for search in body["searches"]])


def _query(search: Json) -> edge.QueryRequest:
    query = search["query"]
    vector = query["nearest"] if isinstance(query, Mapping) else query
    if not isinstance(vector, list):
        raise NotUnderstood("only queries by vector are served")
    return edge.QueryRequest(
        limit=search["limit"],
        query=edge.Query.Nearest(vector),
        filter=_optional_filter(search),
        with_payload=search.get("with_payload", False),
        with_vector=search.get("with_vector", False),
    )


def count_request(body: Json) -> edge.CountRequest:
    return edge.CountRequest(filter=_optional_filter(body), exact=True)


def scroll_request(body: Json) -> edge.ScrollRequest:
    return edge.ScrollRequest(
        limit=body["limit"],
        offset=body.get("offset"),
        filter=_optional_filter(body),
        with_payload=body.get("with_payload", True),
        with_vector=body.get("with_vector", False),
    )


def _optional_filter(body: Json) -> edge.Filter | None:
    return _filter(body["filter"]) if body.get("filter") is not None else None


def _filter(body: Json) -> edge.Filter:
    if unknown := body.keys() - {"must", "must_not"}:
        raise NotUnderstood(f"filter clauses {sorted(unknown)}")
    return edge.Filter(**{clause: [_condition(c) for c in _as_list(body[clause])] for clause in body})


def _as_list(conditions: Json | Sequence[Json]) -> Sequence[Json]:
    return [conditions] if isinstance(conditions, Mapping) else conditions


def _condition(body: Json) -> edge.HasIdCondition | edge.FieldCondition:
    if body.keys() == {"has_id"}:
        return edge.HasIdCondition(set(body["has_id"]))
    (kind,) = body.keys() - {"key"}
    return edge.FieldCondition(body["key"], **{kind: _known(CONDITIONS, kind)(body[kind])})


def _match(body: Json) -> edge.MatchValue | edge.MatchAny:
    ((kind, value),) = body.items()
    return _known({"value": edge.MatchValue, "any": edge.MatchAny}, kind)(value)


def _geo_radius(body: Json) -> edge.GeoRadius:
    return edge.GeoRadius(center=edge.GeoPoint(**body["center"]), radius=body["radius"])


CONDITIONS = {"match": _match, "range": lambda limits: edge.RangeFloat(**limits), "geo_radius": _geo_radius}


def _known(table: Mapping[str, Any], name: str) -> Any:
    if name not in table:
        raise NotUnderstood(f"{name!r}: known are {sorted(table)}")
    return table[name]
