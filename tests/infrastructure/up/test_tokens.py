"""Clients and whose they are."""

import boto3
import pytest

from infra.deploy.up import tokens
from infra.deploy.up.steps import Unfinished
from tests.infrastructure.up.conftest import API, TENANT, Web, Written

OTHER = "ffffffff-57a5-4c7e-8f2b-93f6f0f0c3aa"


def test_a_client_is_made_once_for_its_tenant(site: Written, laid: dict[str, str]) -> None:
    made = {tokens.add_client(site, laid, "acme", TENANT) for _ in range(2)}
    assert len(made) == 1
    assert made < set(tokens.client_ids(site, laid))


def test_a_client_never_changes_its_tenant(site: Written, laid: dict[str, str]) -> None:
    tokens.add_client(site, laid, "acme", TENANT)
    with pytest.raises(Unfinished, match=f"is tenant {TENANT}'s"):
        tokens.add_client(site, laid, "acme", OTHER)


def test_a_token_is_asked_for_with_the_client_s_own_secret(site: Written, laid: dict[str, str], web: Web) -> None:
    assert tokens.token(site, laid, laid["FirstClientId"], "twin/read") == "the token"
    assert web.requests[0].headers["Authorization"].startswith("Basic ")


def test_more_clients_than_the_gateway_takes_are_refused_before_it_does(site: Written, laid: dict[str, str]) -> None:
    cognito = boto3.client("cognito-idp")
    for number in range(tokens.AUDIENCES):
        cognito.create_user_pool_client(UserPoolId=laid["UserPool"], ClientName=f"more {number}")
    with pytest.raises(Unfinished, match="API Gateway takes 50: delete some, or use a provider of your own"):
        tokens.client_ids(site, laid)


def test_what_the_api_refuses_is_told_in_its_own_words(site: Written, web: Web) -> None:
    web.recommends = [503]
    with pytest.raises(Unfinished, match=r"/recommend answered 503: \{"):
        tokens.ask(site, f"{API}/recommend", {"user_id": 1})
