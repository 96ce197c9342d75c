"""Whose request this is: the verified claim that API Gateway passes on, and nothing else."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from portfolio_twin.adapters import telemetry
from portfolio_twin.errors import TenantRequired, Unauthenticated
from portfolio_twin.settings import read_settings


def claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims that the gateway's JWT authorizer verified; raises Unauthenticated where there are none."""
    claims = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {}).get("claims")
    if not isinstance(claims, Mapping):
        raise Unauthenticated("the request carries no verified claims")
    return claims


async def tenant_of(request: Request) -> UUID:
    claim = claims_of(request.scope.get("aws.event", {})).get(read_settings().tenant_claim)
    try:
        if not isinstance(claim, str):
            raise ValueError
        tenant = UUID(claim)
    except ValueError:
        raise TenantRequired("the token names no tenant") from None
    telemetry.note(tenant_id=str(tenant))
    return tenant


Tenant = Annotated[UUID, Depends(tenant_of)]


async def tenant_if_any(request: Request) -> UUID | None:
    try:
        return await tenant_of(request)
    except (Unauthenticated, TenantRequired):
        return None


MaybeTenant = Annotated[UUID | None, Depends(tenant_if_any)]
