"""Clients of the foundation's pool, whose tenant's they are, and their tokens."""

from collections.abc import Mapping
from typing import Any

import httpx

from infra.deploy.up.site import Site
from infra.deploy.up.steps import Unfinished

AUDIENCES = 50  # of one JWT authorizer of API Gateway
WAIT_SECONDS = 35  # API Gateway's own limit, and some


def client_ids(site: Site, outputs: Mapping[str, str]) -> list[str]:
    """Every client that the API shall take tokens from; raises Unfinished when there are too many."""
    pages = site.client("cognito-idp").get_paginator("list_user_pool_clients")
    found = [
        client["ClientId"]
        for page in pages.paginate(UserPoolId=outputs["UserPool"], MaxResults=60)
        for client in page["UserPoolClients"]
    ]
    if len(found) > AUDIENCES:
        raise Unfinished(
            f"{len(found)} clients, and API Gateway takes {AUDIENCES}: delete some, or use a provider of your own"
        )
    return sorted(found)


def add_client(site: Site, outputs: Mapping[str, str], name: str, tenant_id: str) -> str:
    """A confidential client of that name, for that tenant; the one that is there is kept. Its id."""
    pool, cognito = outputs["UserPool"], site.client("cognito-idp")
    pages = cognito.get_paginator("list_user_pool_clients").paginate(UserPoolId=pool, MaxResults=60)
    there = {client["ClientName"]: client["ClientId"] for page in pages for client in page["UserPoolClients"]}
    client_id = there.get(name) or cognito.create_user_pool_client(
        UserPoolId=pool, ClientName=name, GenerateSecret=True, AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["client_credentials"], AllowedOAuthScopes=["twin/read", "twin/write"],
    )["UserPoolClient"]["ClientId"]  # fmt: skip
    belongs_to(site, outputs, client_id, tenant_id)
    return str(client_id)


def belongs_to(site: Site, outputs: Mapping[str, str], client_id: str, tenant_id: str) -> None:
    """Raises Unfinished where it is another tenant's: whoever has its secret would read this one's data."""
    table = site.session.resource("dynamodb").Table(outputs["ClientTable"])
    row = table.get_item(Key={"client_id": client_id}, ConsistentRead=True).get("Item", {})
    if row.get("tenant_id", tenant_id) != tenant_id:
        raise Unfinished(f"client {client_id} is tenant {row['tenant_id']}'s: make another one, `make client`")
    table.put_item(Item={"client_id": client_id, "tenant_id": tenant_id})


def token(site: Site, outputs: Mapping[str, str], client_id: str, scopes: str) -> str:
    """An access token, asked for as any client does."""
    described = site.client("cognito-idp").describe_user_pool_client(UserPoolId=outputs["UserPool"], ClientId=client_id)
    form = {"grant_type": "client_credentials", "scope": scopes}
    login = (client_id, described["UserPoolClient"]["ClientSecret"])
    return str(_answer(site, "POST", outputs["TokenUrl"], data=form, auth=login)["access_token"])


def ask(site: Site, url: str, body: object | None = None, bearer: str = "") -> dict[str, Any]:
    """GET, or POST where there is a body; raises Unfinished with what the API said."""
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    return _answer(site, "GET" if body is None else "POST", url, json=body, headers=headers)


def _answer(site: Site, method: str, url: str, **request: Any) -> dict[str, Any]:
    try:
        answer = site.http.request(method, url, timeout=WAIT_SECONDS, **request)
    except httpx.HTTPError as error:
        raise Unfinished(f"{url}: {error}") from error
    if answer.is_error:
        raise Unfinished(f"{url} answered {answer.status_code}: {answer.text}")
    return dict(answer.json())
