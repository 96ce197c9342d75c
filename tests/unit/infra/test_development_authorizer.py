"""The stand-in for API Gateway's JWT authorizer believes the tokens of `twin token`, and no others."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import jwt
import pytest

from infra.local.cloud.authorizer.app import lambda_handler, verified
from infra.local.twin.tokens import issue_token, signing_key

ARN = "arn:aws:execute-api:us-east-1:123456789012:local/$default/POST/predict"


def test_a_token_of_this_machine_gives_its_claims_as_text(tmp_path: Path) -> None:
    tenant = uuid4()
    claims = verified(issue_token(tmp_path, tenant), signing_key(tmp_path))
    assert claims["tenant_id"] == str(tenant)
    assert all(isinstance(value, str) for value in claims.values())


def test_a_forged_a_foreign_an_expired_and_no_token_give_none(tmp_path: Path) -> None:
    token, key = issue_token(tmp_path / "a", uuid4()), signing_key(tmp_path / "a")
    old = jwt.encode({"tenant_id": "t", "exp": datetime.now(UTC) - timedelta(seconds=1)}, key, algorithm="HS256")
    unsigned = jwt.encode({"tenant_id": "t"}, "", algorithm="none")
    for bad in (token[:-3] + "abc", issue_token(tmp_path / "b", uuid4()), old, unsigned, "", "forged.token.here"):
        assert verified(bad, key) == {}


@pytest.mark.parametrize(("authorization", "effect"), [("Bearer {}", "Allow"), ("", "Deny")])
def test_it_answers_as_a_lambda_authorizer_does(
    authorization: str, effect: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN_KEY", signing_key(tmp_path))
    headers = {"Authorization": authorization.format(issue_token(tmp_path, uuid4()))}
    answer = lambda_handler({"headers": headers, "methodArn": ARN}, None)
    assert answer["policyDocument"]["Statement"] == [
        {"Action": "execute-api:Invoke", "Effect": effect, "Resource": ARN}
    ]
