"""One OpenAPI document of all functions: every field with its meaning and an example, every route with its errors."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from portfolio_twin import errors
from portfolio_twin.entrypoints.http_errors import ErrorAnswer, refusals
from portfolio_twin.entrypoints.vocabulary import QUESTIONS, WORDS, Word

Json = dict[str, Any]

TITLE, VERSION = "Portfolio Twin", "1"
ABOUT = """Learns what each real-estate investor wants, from what they do, and answers at once.

Send `Authorization: Bearer TOKEN`; the token names the tenant, and nothing else does. `twin/read` reads, `twin/write`
writes. Prices are USD, areas ft², rates and scores fractions, locations degrees, times ISO 8601. A field or parameter
that nobody reads is a 422. What is down is a 503 with `Retry-After`; with an `Idempotency-Key` feedback can be sent
again without harm.
"""
TAGS = {
    "predictions": "How well does this property match this investor, and why?",
    "recommendations": "The best properties for an investor, under filters, page by page.",
    "look-alikes": "Properties like this one, and who would want it.",
    "feedback": "What investors did: part of the very next answer.",
    "properties": "What there is, stored and found at once.",
    "investors": "Who there is, and what was learnt of them.",
    "models": "Which model answers, and how good it is.",
    "tenants": "Teams, for who runs the product; the token has the scope `twin/admin`: `twin token --operator`.",
    "system": "Is it up?",
}
OF_EVERY_ROUTE = (errors.Unauthenticated, errors.TenantRequired, errors.InvalidInput, errors.Unavailable)
OF_A_BODY = (errors.UnreadableInput, errors.InputTooLarge)
RUST_ESCAPE = re.compile(r"\\x\{([0-9a-f]{4})\}")
BEARER = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


def build_document(apps: Iterable[FastAPI]) -> Json:
    """Of all their routes; one that asks for no token says so itself."""
    document: Json = _in_common_regex(
        get_openapi(
            title=TITLE,
            version=VERSION,
            description=ABOUT,
            routes=[route for app in apps for route in app.routes],
            tags=[{"name": name, "description": about} for name, about in TAGS.items()],
        )
    )
    schemas = document["components"]["schemas"]
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own, which no answer of ours is
        schemas.pop(name, None)
    schemas.setdefault("ErrorAnswer", ErrorAnswer.model_json_schema(ref_template="#/components/schemas/{model}"))
    schemas |= schemas["ErrorAnswer"].pop("$defs", {})
    document["components"]["securitySchemes"] = {"bearer": BEARER}
    for name, schema in schemas.items():
        _explain_fields(schema)
        if name in QUESTIONS:
            schema["examples"] = [QUESTIONS[name]]
    for _, _, operation in operations(document):
        operation.setdefault("security", [{"bearer": []}])
        for parameter in operation.get("parameters", []):
            _explain_parameter(parameter)
        _show_question(operation, schemas)
        _tell_errors(operation)
        _show_answer(operation, schemas)
    for schema in schemas.values():
        if "properties" in schema and "examples" not in schema:
            schema["examples"] = [example_of(schema, schemas)]
    return document


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Json]]:
    """(path, method, operation)."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def example_of(schema: Mapping[str, Any], schemas: Mapping[str, Any], name: str = "") -> Any:
    """What stands as its example, or is made of those of its parts; `name`: of the field that has it."""
    if "examples" in schema:
        return schema["examples"][0]
    if name == "error" and "anyOf" in schema:  # an item has an answer or an error
        return None
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].rpartition("/")[2]], schemas, name)
    if choices := schema.get("anyOf") or schema.get("allOf"):
        return example_of(choices[0], schemas, name)
    if "properties" in schema:
        return {field: example_of(part, schemas, field) for field, part in schema["properties"].items()}
    if schema.get("type") == "array":
        return [example_of(schema.get("items", {}), schemas, name)]
    return schema.get("const", schema.get("enum", [EXAMPLES.get(schema.get("type", ""))])[0])


EXAMPLES: Json = {"string": "text", "number": 0.5, "integer": 1, "boolean": True, "object": {}, "null": None}


def _in_common_regex(part: Any) -> Any:
    """Patterns as ECMA 262 writes them, which pydantic reads as Rust does."""
    if isinstance(part, list):
        return [_in_common_regex(each) for each in part]
    if isinstance(part, dict):
        return {name: _in_common_regex(value) for name, value in part.items()}
    if isinstance(part, str):
        return RUST_ESCAPE.sub(r"\\u\1", part)
    return part


def _explain_fields(schema: Json) -> None:
    """By the vocabulary, where the field does not say it itself."""
    for name, field in schema.get("properties", {}).items():
        if word := WORDS.get(name):
            field.setdefault("description", word.meaning)
            if word.example is not None and "examples" not in field and _fits(word.example, field):
                field["examples"] = [word.example]


def _explain_parameter(parameter: Json) -> None:
    word = WORDS.get(parameter["name"].replace("-", "_"), Word(""))
    parameter.setdefault("description", word.meaning)
    if word.example is not None and parameter.get("required"):
        parameter.setdefault("example", word.example)


def _fits(example: Any, field: Mapping[str, Any]) -> bool:
    """Whether the word is used in its usual sense here: an array is no text."""
    kinds = {part.get("type", "object") for part in field.get("anyOf", [field])}
    named = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array", dict: "object"}
    return named[type(example)] in kinds and ("enum" not in field or example in field["enum"])


def _tell_errors(operation: Json) -> None:
    given = {**operation["responses"]}
    common = () if not operation["security"] else OF_EVERY_ROUTE + (OF_A_BODY if "requestBody" in operation else ())
    given.pop("422", None)  # FastAPI's own
    told = {str(status): answer for status, answer in refusals(*common).items()} | given
    for status, answer in told.items():
        if int(status) >= 400:
            reference = {"$ref": "#/components/schemas/ErrorAnswer"}
            answer["content"] = {"application/json": {"schema": reference}}
            answer.pop("model", None)
    operation["responses"] = dict(sorted(told.items()))


def _show_question(operation: Json, schemas: Mapping[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        _explain_fields(content["schema"])
        name = content["schema"].get("title") or content["schema"]["$ref"].rpartition("/")[2]
        content["example"] = QUESTIONS.get(name) or example_of(content["schema"], schemas)


def _show_answer(operation: Json, schemas: Mapping[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            if int(status) < 400 and content.get("schema"):
                content["example"] = example_of(content["schema"], schemas)
