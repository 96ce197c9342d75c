"""The trigger that puts a tenant into a token: the code that stands in infra/foundation.yaml."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra.deploy.expand import read_template

FOUNDATION = Path(__file__).parents[3] / "infra/foundation.yaml"
CLIENT, TENANT, OTHER = (
    "1example23456789",
    "0f0c3aab-57a5-4c7e-8f2b-93f6f0f0c3aa",
    "ffffffff-57a5-4c7e-8f2b-93f6f0f0c3aa",
)


class Clients:
    """A table of clients; what was asked of it is kept."""

    def __init__(self, tenants: dict[str, str]) -> None:
        self._tenants = tenants
        self.consistent: list[bool] = []

    def get_item(self, Key: dict[str, str], ConsistentRead: bool) -> dict[str, Any]:  # DynamoDB's own names
        self.consistent.append(ConsistentRead)
        client = Key["client_id"]
        return {"Item": {"client_id": client, "tenant_id": self._tenants[client]}} if client in self._tenants else {}


@pytest.fixture(scope="module")
def trigger() -> dict[str, Any]:
    code = read_template(FOUNDATION)["Resources"]["TenantClaim"]["Properties"]["Code"]["ZipFile"]
    names: dict[str, Any] = {}
    exec(compile(code, "index.py", "exec"), names)
    return names


def event(*scopes: str, **metadata: str) -> dict[str, Any]:
    return {
        "triggerSource": "TokenGeneration_ClientCredentials",
        "callerContext": {"clientId": CLIENT},
        "request": {"scopes": list(scopes), "clientMetadata": metadata},
        "response": {},
    }


def test_a_client_s_token_names_the_tenant_of_the_table(trigger: dict[str, Any]) -> None:
    clients = Clients({CLIENT: TENANT})
    assert trigger["claims"](clients, event("twin/read")) == {"tenant_id": TENANT}
    assert clients.consistent == [True]  # a client that was taken away a second ago is no tenant's


def test_a_client_that_nobody_has_written_down_gets_no_token(trigger: dict[str, Any]) -> None:
    with pytest.raises(LookupError, match=CLIENT):
        trigger["claims"](Clients({}), event("twin/read"))


@pytest.mark.parametrize("scopes", [(), ("twin/admin", "twin/read"), ("twin/read", "twin/write")])
def test_nothing_but_the_admin_s_scope_alone_goes_without_a_tenant(
    trigger: dict[str, Any], scopes: tuple[str, ...]
) -> None:
    with pytest.raises(LookupError):
        trigger["claims"](Clients({}), event(*scopes))
    assert trigger["claims"](Clients({}), event("twin/admin")) == {}


def test_what_a_client_says_of_itself_is_never_read(trigger: dict[str, Any]) -> None:
    said = event("twin/read", tenant_id=OTHER)
    assert trigger["claims"](Clients({CLIENT: TENANT}), said) == {"tenant_id": TENANT}
    with pytest.raises(LookupError):
        trigger["claims"](Clients({OTHER: OTHER}), said)


def test_the_answer_has_the_form_of_version_three(trigger: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    database = SimpleNamespace(Table={"clients": Clients({CLIENT: TENANT})}.__getitem__)
    monkeypatch.setenv("TABLE", "clients")
    monkeypatch.setitem(trigger, "boto3", SimpleNamespace(resource={"dynamodb": database}.__getitem__))
    answer = trigger["lambda_handler"](event("twin/read"), None)
    token = answer["response"]["claimsAndScopeOverrideDetails"]["accessTokenGeneration"]
    assert token == {"claimsToAddOrOverride": {"tenant_id": TENANT}}
