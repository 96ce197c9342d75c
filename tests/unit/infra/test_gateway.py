import asyncio
import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from infra.local.cloud.gateway import Gateway, application, content_of
from infra.local.cloud.http_event import HttpRequest
from infra.local.twin.tokens import AUDIENCE, ISSUER, issue_token, signing_key
from tests.fakes.stores import FakeVectorIndex, fill
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, small_catalogue, small_twin

ROUTES = {
    "/predict": "post", "/batch_predict": "post", "/embedding": "post", "/explain": "post", "/health": "get",
    "/recommend": "post", "/search/recommend": "post", "/properties/recommendations": "get",
    "/search/similar": "post", "/search/look-alikes/{property_id}": "get", "/properties/{property_id}/similar": "get",
    "/properties/{property_id}/audience": "get", "/properties/{property_id}/feedback": "post",
    "/interactions": "post", "/properties": "post", "/properties/{property_id}": "delete get patch put",
    "/properties/search": "post", "/investors": "get", "/models": "get",
    "/investors/{user_id}/atlas": "get", "/atlas/{model_version}": "get",
    "/models/{version}": "get", "/models/{version}/report": "get",
    "/investors/{user_id}": "delete get", "/investors/{user_id}/export": "get",
    "/tenants": "get post", "/tenants/{tenant_id}": "delete",
}  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    made = Gateway(tmp_path)
    yield made
    made.close()


def send(gateway: Gateway, token: str | None, method: str = "POST", path: str = "/predict") -> tuple[int, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    answer = gateway.invoke(HttpRequest(method, path, headers=headers, body=b"{}"))
    return answer["statusCode"], json.loads(answer["body"])


def test_a_request_without_a_token_is_told_how_to_get_one(gateway: Gateway) -> None:
    status, body = send(gateway, None)
    assert status == 401
    assert "twin token" in body["error"]["message"]


def test_a_good_token_reaches_the_function(gateway: Gateway) -> None:
    assert send(gateway, issue_token(gateway.state, TENANT_A))[0] == 422  # the function's own answer to {}


def test_reading_does_not_allow_writing(gateway: Gateway) -> None:
    reader = issue_token(gateway.state, TENANT_A, scopes="twin/read")
    assert send(gateway, reader, path="/properties/p1/feedback")[0] == 403
    assert send(gateway, reader)[0] == 422
    assert send(gateway, issue_token(gateway.state, TENANT_A, scopes="twin/write"))[0] == 403


@pytest.mark.parametrize(
    ("scopes", "path", "status", "code"),
    [
        (None, "/predict", 401, "Unauthenticated"),
        ("twin/write", "/predict", 403, "ScopeRequired"),
        ("twin/read", "/admin", 404, "NotFound"),
    ],
)
def test_a_refusal_has_the_shape_of_the_functions_own(
    gateway: Gateway, scopes: str | None, path: str, status: int, code: str
) -> None:
    token = issue_token(gateway.state, TENANT_A, scopes=scopes) if scopes else None
    answered, body = send(gateway, token, path=path)
    assert (answered, body.keys(), body["error"]["code"]) == (status, {"error"}, code)
    assert body["error"].keys() == {"code", "message", "request_id"}
    assert body["error"]["request_id"]


def browse(gateway: Gateway, method: str, path: str, **headers: str) -> httpx.Response:
    """Through the whole application, as a browser on this machine asks."""

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(application(gateway))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.request(method, path, headers=sent)

    with ThreadPoolExecutor(1) as other:  # `asyncio.run` leaves its thread without an event loop
        return other.submit(asyncio.run, ask()).result()


def test_a_page_of_this_machine_may_ask_first_and_needs_no_token_for_it(gateway: Gateway) -> None:
    asked = {"origin": "http://localhost:3000", "access_control_request_method": "PATCH"}
    answer = browse(gateway, "OPTIONS", "/properties/p1", **asked)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    assert browse(gateway, "OPTIONS", "/predict").status_code == 204
    stranger = browse(gateway, "GET", "/docs", origin="https://elsewhere.example")
    assert "access-control-allow-origin" not in stranger.headers


def test_the_documentation_shows_without_the_internet(gateway: Gateway) -> None:
    page = browse(gateway, "GET", "/docs").text
    assert "//" not in "".join(re.findall(r'(?:src|href)="([^"]*)"', page))
    for path in re.findall(r'(?:src|href)="(/[^"]*)"', page):
        assert len(browse(gateway, "GET", path).content) > 10_000, path
    assert "/openapi.json" in page


def test_an_encoded_slash_belongs_to_the_id_and_a_plain_one_to_the_path(gateway: Gateway) -> None:
    assert gateway.function_of("GET", "/properties/a%2Fb/similar") == "lookalike"
    assert gateway.function_of("DELETE", "/properties/a%2Fb") == "feedback"
    assert gateway.function_of("GET", "/properties/a/b/similar") is None
    token = f"Bearer {issue_token(gateway.state, TENANT_A)}"
    fake = FakeVectorIndex()
    fill(fake, TENANT_A, small_twin(), small_catalogue(prefix="a/100%25 "))
    with serving(fake_stores({TENANT_A: small_twin()}, fake)):
        answer = browse(gateway, "GET", "/properties/a%2F100%2525%203/similar?top_k=1", authorization=token)
        assert (answer.status_code, len(answer.json()["results"])) == (200, 1), answer.text


def claims(**changes: Any) -> dict[str, Any]:
    expires = datetime.now(UTC) + timedelta(hours=1)
    return {"iss": ISSUER, "aud": AUDIENCE, "exp": expires, "tenant_id": str(TENANT_A), "scope": "twin/read"} | changes


@pytest.mark.parametrize(
    "changes", [{"exp": datetime(2020, 1, 1, tzinfo=UTC)}, {"iss": "somebody"}, {"aud": "something"}]
)
def test_an_expired_or_foreign_token_is_401(gateway: Gateway, changes: dict[str, Any]) -> None:
    token = jwt.encode(claims(**changes), signing_key(gateway.state), algorithm="HS256")
    assert send(gateway, token)[0] == 401


def test_a_token_signed_with_another_key_or_with_none_is_401(gateway: Gateway) -> None:
    assert send(gateway, jwt.encode(claims(), "x" * 40, algorithm="HS256"))[0] == 401
    assert send(gateway, jwt.encode(claims(), "", algorithm="none"))[0] == 401
    assert send(gateway, "nonsense")[0] == 401


def test_what_is_no_text_leaves_as_the_bytes_that_a_function_gave() -> None:
    assert content_of({"body": "AP+A", "isBase64Encoded": True}) == b"\x00\xff\x80"
    assert content_of({"body": "é", "isBase64Encoded": False}) == "é".encode()
    assert content_of({"statusCode": 204}) == b""


def test_an_unknown_route_is_404(gateway: Gateway) -> None:
    assert send(gateway, issue_token(gateway.state, TENANT_A), path="/admin")[0] == 404


def test_the_documentation_has_every_route(gateway: Gateway) -> None:
    schema = browse(gateway, "GET", "/openapi.json").json()
    assert {path: " ".join(sorted(operations)) for path, operations in schema["paths"].items()} == ROUTES
    text = json.dumps(schema)
    referenced = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referenced <= set(schema["components"]["schemas"])
