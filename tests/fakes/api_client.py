"""Calls the functions as API Gateway does: a payload 2.0 event in, an answer out."""

import importlib
import json
from base64 import b64decode
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from infra.local.cloud.http_event import HttpRequest
from infra.local.cloud.lambda_context import LambdaContext

FUNCTION_OF_PATH = (
    ("predict", ("/predict", "/batch_predict", "/embedding", "/explain", "/health")),
    ("recommend", ("/recommend", "/search/recommend", "/properties/recommendations")),
    ("lookalike", ("/search/similar", "/search/look-alikes")),
    ("browse", ("/properties/search", "/models", "/atlas")),
    ("admin", ("/tenants",)),
)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any
    headers: dict[str, str]
    text: str


@dataclass(frozen=True)
class ApiClient:
    """One tenant's caller; `claims` other than the tenant's own show what a broken token does."""

    tenant: UUID
    claims: Any = "the tenant's"
    remaining_ms: int = 28_000  # of each invocation

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        route, _, query = path.partition("?")
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        claims = {"tenant_id": str(self.tenant)} if self.claims == "the tenant's" else self.claims
        all_headers = {"content-type": "application/json", **(headers or {})}
        event = HttpRequest(method, route, query, all_headers, data).event(claims)
        function = importlib.import_module(f"functions.api.{function_of(method, route)}.app")
        answer = function.lambda_handler(event, LambdaContext("test", "request-1", remaining_ms=self.remaining_ms))
        text, headers = answer.get("body") or "null", answer.get("headers", {})
        if answer.get("isBase64Encoded"):
            return Answer(answer["statusCode"], b64decode(text), headers, text)
        return Answer(answer["statusCode"], json.loads(text), headers, text)

    def post(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.send("POST", path, body, **options)

    def get(self, path: str, **options: Any) -> Answer:
        return self.send("GET", path, **options)

    def put(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.send("PUT", path, body, **options)

    def patch(self, path: str, body: object = None, **options: Any) -> Answer:
        return self.send("PATCH", path, body, **options)

    def delete(self, path: str, **options: Any) -> Answer:
        return self.send("DELETE", path, **options)


def function_of(method: str, route: str) -> str:
    for name, starts in FUNCTION_OF_PATH:
        if any(route == start or route.startswith(start + "/") for start in starts):
            return name
    if route.startswith("/investors"):
        return "browse" if method == "GET" and not route.endswith("/export") else "feedback"
    below = route.count("/") == 3 and route.endswith(("/similar", "/audience"))
    return "lookalike" if method == "GET" and below else "feedback"
