"""The HTTP API of the template: who may call what."""

import importlib
import json
import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import APIRoute

from infra.local.cloud.gateway import FUNCTIONS, OPEN_FUNCTIONS, scope_of
from tests.infrastructure.resources import Resources, of_type

WRITES = {
    ("POST", "/properties/{property_id}/feedback"),
    ("POST", "/interactions"),
    ("PUT", "/properties/{property_id}"),
    ("PATCH", "/properties/{property_id}"),
    ("DELETE", "/properties/{property_id}"),
    ("POST", "/properties"),
    ("DELETE", "/investors/{user_id}"),
}


def scope(method: str, path: str) -> str:
    if path.startswith("/tenants"):
        return "twin/admin"
    return "twin/write" if (method, path) in WRITES else "twin/read"


def operations(expanded: Resources) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(method, path, operation) of the API as API Gateway gets it."""
    (api,) = of_type(expanded, "AWS::ApiGatewayV2::Api").values()
    for path, methods in api["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


# what has no token yet, and nothing to hide
OPEN = {
    "/health", "/", "/explorer/config.json", "/explorer/{file+}", "/openapi.json", "/docs", "/docs/files/{name}",
}  # fmt: skip


def test_every_route_but_health_and_the_page_has_the_authorizer_and_its_scope(expanded: Resources) -> None:
    for method, path, operation in operations(expanded):
        wanted = [] if path in OPEN else [{"Jwt": [scope(method, path)]}]
        demanded = [entry for entry in operation.get("security", []) if entry != {"NONE": []}]
        assert demanded == wanted, f"{method} {path}: {operation.get('security')}"


def test_the_routes_are_those_of_the_apps(expanded: Resources) -> None:
    apps = [importlib.import_module(f"functions.api.{name}.app").app for name in FUNCTIONS]
    routes = [route for app in apps for route in app.routes if isinstance(route, APIRoute)]
    served = {(method, route.path.replace(":path}", "+}")) for route in routes for method in route.methods or ()}
    assert {(method, path) for method, path, _ in operations(expanded)} == served


def test_the_local_gateway_demands_the_scopes_of_the_template() -> None:
    for name in set(FUNCTIONS) - OPEN_FUNCTIONS:
        routes = importlib.import_module(f"functions.api.{name}.app").app.routes
        served = [(method, r.path) for r in routes if isinstance(r, APIRoute) for method in r.methods or ()]
        demanded = {(method, path): scope_of(name, method) for method, path in served if path != "/health"}
        assert demanded == {key: scope(*key) for key in demanded}


def test_an_authorizer_that_cannot_be_made_fails_the_deployment(expanded: Resources) -> None:
    (api,) = of_type(expanded, "AWS::ApiGatewayV2::Api").values()
    assert api["Properties"]["FailOnWarnings"] is True


def test_tokens_are_checked_for_issuer_and_audience(resources: Resources) -> None:
    authorizer = resources["Api"]["Properties"]["Auth"]["Authorizers"]["Jwt"]
    assert authorizer["JwtConfiguration"] == {"issuer": {"Ref": "JwtIssuer"}, "audience": {"Ref": "JwtAudience"}}
    assert resources["Api"]["Properties"]["Auth"]["DefaultAuthorizer"] == "Jwt"


def test_the_api_is_throttled_and_logged(expanded: Resources) -> None:
    (stage,) = of_type(expanded, "AWS::ApiGatewayV2::Stage").values()
    assert stage["Properties"]["DefaultRouteSettings"]["ThrottlingRateLimit"] == {"Ref": "ThrottleRatePerSecond"}
    assert stage["Properties"]["AccessLogSettings"]["DestinationArn"]


def test_only_the_web_pages_that_are_named_may_call_it(resources: Resources) -> None:
    cors = resources["Api"]["Properties"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == {"Ref": "CorsAllowedOrigins"}
    assert {"authorization", "idempotency-key"} <= set(cors["AllowHeaders"])


def test_access_logs_hold_nothing_personal(resources: Resources) -> None:
    line = resources["Api"]["Properties"]["AccessLogSettings"]["Format"]["Fn::Sub"]
    assert not re.search(r"sourceIp|userAgent|claims\.(sub|email)|\$context\.path\b", line)
    json.loads(line.replace("$context.", ""))
