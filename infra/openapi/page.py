"""docs/api.md: the document as a page, every route with its errors, as curl and as Python."""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from portfolio_twin.entrypoints.document import operations

Json = Mapping[str, Any]
WIDTH = 120
OPENING = """# The API

Made by `make openapi` from the code, like [openapi.json](openapi.json); the API itself serves both, at `/openapi.json`
and, to be tried out, at `/docs`.

{about}

```
URL=http://localhost:8000                                   # of `make serve`; in the cloud the stack's output ApiUrl
TOKEN=$(.venv/bin/twin token --tenant harborview)           # in the cloud from your issuer
```

```python
from portfolio_twin.client import TwinClient

twin = TwinClient("http://localhost:8000", token)  # pip install 'PATH_TO_CHECKOUT[client]'
for each in twin.recommend(374, explain=False):  # page after page, as long as you read
    print(each["property_id"], each["affinity_score"])
twin.feedback("HV-00231", 374, "like")  # with an idempotency key of its own
```

Below, `twin` is this client. Every refusal has one shape, `{{"error": {{"code", "message", "request_id"}}}}`; the
client raises it as the error of `portfolio_twin.errors` that `code` names. How pages, the learnt buy box and the atlas
are read: [browsing.md](browsing.md).
"""


def page_of(document: Json) -> str:
    parts = [OPENING.format(about=document["info"]["description"].strip())]
    told = list(operations(document))
    for tag in document["tags"]:
        mine = [each for each in told if tag["name"] in each[2]["tags"]]
        if mine:
            parts.append(f"## {tag['name'].capitalize()}\n\n{tag['description']}\n")
            parts += [_route(document, *each) for each in mine]
    return "\n".join(parts)


def _route(document: Json, path: str, method: str, operation: Json) -> str:
    about = operation["description"].replace("\n\n", "\x00").replace("\n", " ").replace("\x00", "\n\n")
    lines = [f"### {method.upper()} {path}", "", f"{operation['summary']}."]
    for paragraph in about.split("\n\n"):
        lines += ["", *textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)]
    if rows := [*_parameters(operation), *_fields(document, operation)]:
        lines += ["", "| | | |", "|---|---|---|", *rows]
    lines += ["", *_calls(path, method, operation), "", *_answers(operation), ""]
    return "\n".join(lines)


def _parameters(operation: Json) -> Iterator[str]:
    for one in operation.get("parameters", []):
        need = "needed" if one.get("required") else _default(one["schema"])
        yield f"| `{one['name']}` | in the {one['in']}, {need} | {_cell(one['description'])} |"


def _fields(document: Json, operation: Json) -> Iterator[str]:
    """Of the body, one level deep."""
    schema = _body_schema(document, operation)
    for name, field in schema.get("properties", {}).items():
        need = "needed" if name in schema.get("required", []) else _default(field)
        yield f"| `{name}` | {need} | {_cell(field.get('description', ''))} |"


def _body_schema(document: Json, operation: Json) -> Json:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema: Json = content.get("schema", {})
    return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _default(schema: Json) -> str:
    if schema.get("default") in (None, [], {}):
        return "optional"
    return f"`{json.dumps(schema['default'])}` unless given"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _calls(path: str, method: str, operation: Json) -> Iterator[str]:
    for one in operation.get("parameters", []):
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", str(one.get("example", "")))
    query = {one["name"]: one["example"] for one in _asked(operation)}
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    asked = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
    token = ' -H "Authorization: Bearer $TOKEN"' if operation["security"] else ""
    yield from ("```", *_curl(asked, method, token, body), "```", "", "```python")
    yield from (_python(path, method, query, body), "```")


def _asked(operation: Json) -> list[Json]:
    """The parameters of the query that are needed."""
    return [one for one in operation.get("parameters", []) if one["in"] == "query" and one.get("required")]


def _curl(path: str, method: str, token: str, body: Any) -> Iterator[str]:
    verb = "" if method == "get" or (method == "post" and body is not None) else f" -X {method.upper()}"
    yield f'curl -s{verb} "$URL{path}"{token}' + (" \\" if body is not None else "")
    if body is not None:
        yield f"  -H 'Content-Type: application/json' -d '{json.dumps(body)}'"


def _python(path: str, method: str, query: Json, body: Any) -> str:
    given = [repr(path), *([repr(body)] if body is not None else []), *(f"{k}={v!r}" for k, v in query.items())]
    return f"twin.{method}({', '.join(given)})"


def _answers(operation: Json) -> Iterator[str]:
    for status, answer in operation["responses"].items():
        if int(status) < 400:
            example = answer.get("content", {}).get("application/json", {}).get("example")
            yield f"{status} {_cell(answer['description'])}:" if example else f"{status} {_cell(answer['description'])}"
            if example is not None:
                yield from ("", "```json", json.dumps(example, indent=1, ensure_ascii=False), "```", "")
    told = [(status, _cell(answer["description"])) for status, answer in operation["responses"].items()]
    refused = [f"{status} {text}" for status, text in told if int(status) >= 400]
    if refused:
        yield from textwrap.wrap(f"Refused: {'; '.join(refused)}.", WIDTH, break_long_words=False)
