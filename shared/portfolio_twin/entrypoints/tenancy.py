"""Whose request this is: the verified claim that API Gateway passes on, and nothing else."""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.tenant import Stores, Tenant
from portfolio_twin.errors import OperatorRequired, TenantRequired, Unauthenticated

ADMIN_SCOPE = "twin/admin"


def claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims that the gateway's JWT authorizer verified; raises Unauthenticated where there are none."""
    claims = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims")
    if not isinstance(claims, Mapping):
        raise Unauthenticated("the request carries no verified claims")
    return claims


async def stores_of(request: Request) -> Stores:
    """The function's own, made by `create_app`."""
    stores: Stores = request.app.state.stores
    return stores


FunctionStores = Annotated[Stores, Depends(stores_of)]


async def tenant_of(request: Request, stores: FunctionStores) -> Tenant:
    claim = claims_of(request.scope.get("aws.event", {})).get(stores.settings.tenant_claim)
    try:
        if not isinstance(claim, str):
            raise ValueError
        tenant_id = UUID(claim)
    except ValueError:
        raise TenantRequired("the token names no tenant") from None
    telemetry.note(tenant_id=str(tenant_id))
    return stores.of(tenant_id)


async def operator_of(request: Request, stores: FunctionStores) -> str:
    """Who operates the product, by the token's subject; raises OperatorRequired for a tenant's token.

    The gateway demands the scope as well; here one mistake in the template opens nothing.
    """
    claims = claims_of(request.scope.get("aws.event", {}))
    scopes = re.split(r"[\s,\[\]]+", str(claims.get("scope") or claims.get("scp") or ""))
    if claims.get(stores.settings.tenant_claim) or ADMIN_SCOPE not in scopes:
        raise OperatorRequired(f"this takes a token with the scope {ADMIN_SCOPE} that names no tenant")
    return str(claims.get("sub") or claims.get("client_id") or "unknown")


OwnTenant = Annotated[Tenant, Depends(tenant_of)]
Operator = Annotated[str, Depends(operator_of)]
