"""Development tokens: issued by an identity provider in the cloud. These open nothing but this machine's gateway."""

import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt

ISSUER = "portfolio-twin-local"
AUDIENCE = "portfolio-twin"
SCOPES = "twin/read twin/write"
LIFETIME = timedelta(days=7)


def signing_key(state: Path) -> str:
    """The key of this state folder, made on first use and readable by its owner alone."""
    path = state / "token.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def issue_token(state: Path, tenant_id: UUID | None, scopes: str = SCOPES) -> str:
    """For a tenant, or for whoever operates the product: None."""
    now = datetime.now(UTC)
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "local-developer",
        "scope": scopes,
        "iat": now,
        "exp": now + LIFETIME,
    }
    if tenant_id is not None:
        claims["tenant_id"] = str(tenant_id)
    return jwt.encode(claims, signing_key(state), algorithm="HS256")


def verify_token(state: Path, token: str) -> dict[str, Any]:
    """The claims; raises jwt.InvalidTokenError for a token that is not ours or has expired."""
    options: Any = {"require": ["exp", "iss", "aud"]}
    return jwt.decode(
        token, signing_key(state), algorithms=["HS256"], issuer=ISSUER, audience=AUDIENCE, options=options
    )
