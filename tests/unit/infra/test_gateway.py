import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest

from infra.local.cloud.gateway import Gateway
from infra.local.cloud.http_event import HttpRequest
from infra.local.twin.tokens import AUDIENCE, ISSUER, issue_token, signing_key
from tests.fakes.twins import TENANT_A

ROUTES = {
    "/predict": "post", "/batch_predict": "post", "/embedding": "post", "/explain": "post", "/health": "get",
    "/recommend": "post", "/search/recommend": "post", "/properties/recommendations": "get",
    "/search/similar": "post", "/search/look-alikes/{property_id}": "get", "/properties/{property_id}/similar": "get",
    "/properties/{property_id}/audience": "get", "/properties/{property_id}/feedback": "post",
    "/interactions": "post", "/properties": "post", "/properties/{property_id}": "delete get patch put",
}  # fmt: skip


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def send(gateway: Gateway, token: str | None, method: str = "POST", path: str = "/predict") -> tuple[int, Any]:
    headers = {"content-type": "application/json"} | ({"authorization": f"Bearer {token}"} if token else {})
    answer = gateway.invoke(HttpRequest(method, path, headers=headers, body=b"{}"))
    return answer["statusCode"], json.loads(answer["body"])


def test_a_request_without_a_token_is_told_how_to_get_one(gateway: Gateway) -> None:
    status, body = send(gateway, None)
    assert status == 401
    assert "twin token" in body["message"]


def test_a_good_token_reaches_the_function(gateway: Gateway) -> None:
    assert send(gateway, issue_token(gateway.state, TENANT_A))[0] == 422  # the function's own answer to {}


def test_reading_does_not_allow_writing(gateway: Gateway) -> None:
    reader = issue_token(gateway.state, TENANT_A, scopes="twin/read")
    assert send(gateway, reader, path="/properties/p1/feedback")[0] == 403
    assert send(gateway, reader)[0] == 422
    assert send(gateway, issue_token(gateway.state, TENANT_A, scopes="twin/write"))[0] == 403


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


def test_an_unknown_route_is_404(gateway: Gateway) -> None:
    assert send(gateway, issue_token(gateway.state, TENANT_A), path="/admin")[0] == 404


def test_the_documentation_has_every_route(gateway: Gateway) -> None:
    schema = gateway.openapi()
    assert {path: " ".join(sorted(operations)) for path, operations in schema["paths"].items()} == ROUTES
    text = json.dumps(schema)
    referenced = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert referenced <= set(schema["components"]["schemas"])
