"""An account of moto's, what the foundation would have made in it, and a site whose scripts are only written down."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import httpx
import pytest
from moto import mock_aws

from infra.deploy.up.site import Site

REGION = "eu-west-1"
API = "https://api.example.com"
TENANT = "b1d0a9f6-57a5-4c7e-8f2b-93f6f0f0c3aa"


@dataclass(frozen=True)
class Written(Site):
    """Scripts are written down, not run; what answers over HTTP is told beforehand."""

    environment: dict[str, str] = field(default_factory=lambda: {"AWS_REGION": REGION, "TORCH_INDEX": "https://wheels"})
    calls: list[tuple[str, ...]] = field(default_factory=list)
    given: list[dict[str, str]] = field(default_factory=list)
    stacks: dict[str, dict[str, str]] = field(default_factory=dict)

    def script(self, name: str, *options: str, **given: str) -> None:
        self.calls.append((name, *options))
        self.given.append(given)

    def outputs(self, stack: str) -> dict[str, str]:
        return self.stacks.get(stack, {})


class Web:
    """The token server, the API and AWS's page of authorities; every request is kept."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.recommends = [200]  # the statuses of /recommend, the last one for ever

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if request.url.path == "/oauth2/token":
            return httpx.Response(200, json={"access_token": "the token"})
        if request.url.path == "/tenants":
            return httpx.Response(201, json={"tenant_id": TENANT, "name": "first", "created": True})
        if request.url.path == "/recommend":
            status = self.recommends.pop(0) if len(self.recommends) > 1 else self.recommends[0]
            return httpx.Response(status, json={"recommendations": []})
        if request.url.path.endswith(".pem"):
            return httpx.Response(200, text="-----BEGIN CERTIFICATE-----\n")
        return httpx.Response(200, json={"status": "ok"})


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        yield


@pytest.fixture
def laid(aws: None) -> dict[str, str]:
    """The foundation's outputs, and what they name."""
    boto3.client("s3").create_bucket(Bucket="sources", CreateBucketConfiguration={"LocationConstraint": REGION})
    images = boto3.client("ecr").create_repository(repositoryName="images")["repository"]
    cognito = boto3.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="twin")["UserPool"]["Id"]
    ids = {
        name: cognito.create_user_pool_client(UserPoolId=pool, ClientName=name, GenerateSecret=True)["UserPoolClient"]
        for name in ("first", "admin")
    }
    boto3.client("dynamodb").create_table(
        TableName="clients", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "client_id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "client_id", "KeyType": "HASH"}],
    )  # fmt: skip
    return {
        "SourceBucket": "sources", "ImageProject": "project", "ImageRepository": "images",
        "ImageUri": images["repositoryUri"], "UserPool": pool, "ClientTable": "clients",
        "FirstClientId": ids["first"]["ClientId"], "AdminClientId": ids["admin"]["ClientId"],
        "TokenUrl": "https://twin.auth.example.com/oauth2/token", "JwtAudience": "of the template",
        "QdrantUrl": "http://qdrant.portfolio-twin-dev-foundation.internal:6333",
        "DatabaseUrl": "postgresql+pg8000://host:5432/twin?sslmode=verify-full&sslrootcert=/opt/python/rds-ca.pem",
    }  # fmt: skip


@pytest.fixture
def site(laid: dict[str, str], web: Web) -> Written:
    there: dict[str, Any] = {"portfolio-twin-dev-foundation": laid, "portfolio-twin-dev": {"ApiUrl": API}}
    return Written(http=httpx.Client(transport=httpx.MockTransport(web)), stacks=there)
