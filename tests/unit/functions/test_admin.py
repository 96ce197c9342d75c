"""Who may make and delete tenants: an operator whose token names none; and what such a token opens beside that."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.api_client import ApiClient
from tests.fakes.stores import FakeVectorIndex
from tests.fakes.tenant import fake_stores, serving
from tests.fakes.twins import TENANT_A, small_twin

OPERATOR = {"scope": "twin/admin twin/read twin/write", "sub": "operator"}
ROUTES = [("GET", "/tenants", None), ("POST", "/tenants", {"name": "new"}), ("DELETE", f"/tenants/{TENANT_A}", None)]
DATA_ROUTES = [
    ("POST", "/predict", {"user_id": 1, "property_id": "p1"}), ("POST", "/recommend", {"user_id": 1}),
    ("GET", "/properties/p1/similar", None), ("GET", "/properties/p1", None),
    ("DELETE", "/investors/1", None), ("GET", "/investors/1/export", None),
]  # fmt: skip


@pytest.fixture(autouse=True)
def functions() -> Iterator[None]:
    """Over a database and a bucket that nobody may touch."""
    with serving(fake_stores({TENANT_A: small_twin()}, FakeVectorIndex())):
        yield


@pytest.mark.parametrize(
    "claims",
    [
        {"tenant_id": str(TENANT_A), "scope": "twin/read twin/write"},
        {"tenant_id": str(TENANT_A), "scope": "twin/admin"},  # whoever issued it: a tenant's token is no operator's
        {"scope": "twin/read twin/write"},
        {"scope": "twin/administrator"},
        {},
    ],
)
@pytest.mark.parametrize(("method", "path", "body"), ROUTES)
def test_a_token_that_is_no_operators_reaches_no_tenants(method: str, path: str, body: Any, claims: Any) -> None:
    answer = ApiClient(TENANT_A, claims).send(method, path, body)
    assert (answer.status, answer.body["error"]["code"]) == (403, "OperatorRequired")


@pytest.mark.parametrize(("method", "path", "body"), DATA_ROUTES)
def test_an_operators_token_reaches_no_tenants_data(method: str, path: str, body: Any) -> None:
    answer = ApiClient(TENANT_A, OPERATOR).send(method, path, body)
    assert (answer.status, answer.body["error"]["code"]) == (403, "TenantRequired")


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": " "}, {"name": "a\nb"}, {"name": "x" * 201}, {"name": 7},
                                  {"name": "new", "tenant_id": "no UUID"}, {"name": "new", "live": True}])  # fmt: skip
def test_a_tenant_that_cannot_be_is_422(body: Any) -> None:
    assert ApiClient(TENANT_A, OPERATOR).post("/tenants", body).status == 422


@pytest.mark.parametrize("path", ["/tenants?limit=0", "/tenants?limit=1001", "/tenants?cursor=x", "/tenants?page=2"])
def test_a_page_that_cannot_be_is_422(path: str) -> None:
    assert ApiClient(TENANT_A, OPERATOR).get(path).status == 422
