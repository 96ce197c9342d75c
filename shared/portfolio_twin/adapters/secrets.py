"""Secrets Manager: asked when a secret is needed, and again after MAX_AGE_SECONDS, so that a rotation is followed."""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools.utilities.parameters import GetParameterError, SecretsProvider, TransformParameterError
from botocore.config import Config
from pydantic import SecretStr

from portfolio_twin.adapters import time_left
from portfolio_twin.errors import DatabaseUnavailable, IndexUnavailable

MAX_AGE_SECONDS = 300
# A function behind the API has 28 s in all: an endpoint that does not answer must become a 503 before that.
QUICK = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
FAILURES = (GetParameterError, TransformParameterError, KeyError, TypeError, ValueError)


@cache
def vault() -> SecretsProvider:
    """The client of Secrets Manager with what it was told, one for each process; no connection is made yet."""
    return SecretsProvider(boto3_client=time_left.keep_within(boto3.client("secretsmanager", config=QUICK), QUICK))


def qdrant_key(api_key: SecretStr | None, secret_arn: str) -> str | Callable[[], str] | None:
    """The key that the environment holds, on a developer's machine, or a way to ask for it, in the cloud."""
    if not secret_arn:
        return api_key.get_secret_value() if api_key else None

    def ask() -> str:
        try:
            return str(_read(secret_arn)["api_key"])
        except FAILURES as error:
            raise IndexUnavailable(f"the secret with Qdrant's key cannot be read: {error}") from error

    return ask


def database_login(secret_arn: str) -> tuple[str, str]:
    """User and password as they are now; raises DatabaseUnavailable."""
    try:
        secret = _read(secret_arn)
        return str(secret["username"]), str(secret["password"])
    except FAILURES as error:
        raise DatabaseUnavailable(f"the secret with PostgreSQL's password cannot be read: {error}") from error


def _read(secret_arn: str) -> Mapping[str, Any]:
    secret: Any = vault().get(secret_arn, transform="json", max_age=MAX_AGE_SECONDS)
    return dict(secret)
