"""Secrets in the cloud: read when they are needed, and a rotation is followed without a restart."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import boto3
import pytest
from moto import mock_aws
from pydantic import SecretStr

from portfolio_twin.adapters import secrets
from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.postgres.engine import DatabaseAccess
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.secrets import database_login, qdrant_key
from portfolio_twin.errors import DatabaseUnavailable, IndexUnavailable


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    boto3.setup_default_session()
    secrets.vault.cache_clear()
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")
    secrets.vault.cache_clear()


def put(vault: Any, **secret: str) -> str:
    arn: str = vault.create_secret(Name="twin", SecretString=json.dumps(secret))["ARN"]
    return arn


def test_a_rotated_key_is_followed(vault: Any) -> None:
    arn = put(vault, api_key="old")
    ask = qdrant_key(None, arn)
    assert callable(ask)
    assert ask() == "old"

    vault.put_secret_value(SecretId=arn, SecretString=json.dumps({"api_key": "new"}))
    assert ask() == "old"  # within its maximum age
    secrets.vault.cache_clear()
    assert ask() == "new"


def test_a_key_of_the_environment_is_taken_as_it_is() -> None:
    assert qdrant_key(SecretStr("mine"), "") == "mine"
    assert qdrant_key(None, "") is None


def test_an_endpoint_that_does_not_answer_is_given_up_long_before_the_function_ends(vault: Any) -> None:
    config = secrets.vault().client.meta.config
    assert config.retries["total_max_attempts"] * (config.connect_timeout + config.read_timeout) < 28


def test_a_login_is_user_and_password(vault: Any) -> None:
    assert database_login(put(vault, username="twin_app", password="p")) == ("twin_app", "p")


@pytest.mark.parametrize("secret", [{}, {"username": "twin_app"}])
def test_a_secret_without_what_is_needed_means_that_the_store_is_unavailable(
    vault: Any, secret: dict[str, str]
) -> None:
    arn = put(vault, **secret)
    ask = qdrant_key(None, arn)
    assert callable(ask)
    with pytest.raises(IndexUnavailable):
        ask()
    with pytest.raises(DatabaseUnavailable):
        database_login(arn)


def test_the_index_is_unavailable_while_its_key_is(vault: Any) -> None:
    with pytest.raises(IndexUnavailable):
        VectorIndex("https://127.0.0.1:9", qdrant_key(None, "arn:missing")).of(UUID(int=1), "v1").count("properties")


def test_the_database_is_unavailable_while_its_password_is(vault: Any) -> None:
    access = DatabaseAccess(SecretStr("postgresql+pg8000://127.0.0.1:9/twin"), database_secret_arn="arn:missing")
    with pytest.raises(DatabaseUnavailable, match="secret"):
        Database(access).list_tenants()
