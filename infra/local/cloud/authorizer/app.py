"""Stands in for API Gateway's JWT authorizer under `sam local start-api`, which has none: development tokens only.

What it answers as its context lies, with payload format 1.0, where the JWT authorizer puts the claims.
"""

import base64
import hashlib
import hmac
import json
import os
import time
from typing import Any


def lambda_handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    claims = verified(event["headers"].get("Authorization", "").removeprefix("Bearer "), os.environ["TOKEN_KEY"])
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow" if claims else "Deny",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": "developer",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"jwt": {"claims": claims}},
    }


def verified(token: str, key: str) -> dict[str, Any]:
    """The claims of an HS256 token as text, as API Gateway hands them on; none of one that is forged or has expired."""
    signed, _, signature = token.rpartition(".")
    expected = hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest()
    if not signed or not hmac.compare_digest(expected, _decode(signature)):
        return {}
    claims: dict[str, Any] = json.loads(_decode(signed.split(".")[1]))
    return {name: str(value) for name, value in claims.items()} if claims["exp"] > time.time() else {}


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
