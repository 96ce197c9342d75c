"""POST GET /tenants · DELETE /tenants/{id}: for whoever operates the product, with a token that names no tenant."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import Field

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.query import CursorQuery
from portfolio_twin.entrypoints.tenancy import FunctionStores, Operator
from portfolio_twin.errors import NotFound, TenantBusy, TenantExists
from portfolio_twin.services.tenants import delete_tenant as erasure
from portfolio_twin.services.tenants.add_tenant import NewTenant, TenantRequest, add_tenant
from portfolio_twin.services.tenants.delete_tenant import Deletion
from portfolio_twin.services.tenants.list_tenants import Tenants, list_tenants
from portfolio_twin.settings import AdminSettings

app = create_app("admin", AdminSettings)


class PageQuery(CursorQuery):
    limit: int = Field(100, ge=1, le=1_000)


@app.post("/tenants", status_code=201, tags=["tenants"], summary="Make a tenant", responses=refusals(TenantExists))
async def post_tenant(request: TenantRequest, stores: FunctionStores, _: Operator) -> NewTenant:
    """Needs the scope twin/admin. The same request again answers the same and changes nothing."""
    return add_tenant(stores, request)


@app.get("/tenants", tags=["tenants"], summary="All tenants, page by page")
async def get_tenants(query: Annotated[PageQuery, Query()], stores: FunctionStores, _: Operator) -> Tenants:
    """Needs the scope twin/admin. By their ids, with the cursor of the next page."""
    return list_tenants(stores, query.cursor, query.limit)


@app.delete(
    "/tenants/{tenant_id}", tags=["tenants"], summary="Erase a tenant",
    responses=refusals(NotFound, TenantBusy) | {202: {"model": Deletion, "description": "send it again: more remains"}},
)  # fmt: skip
async def delete_tenant(tenant_id: UUID, stores: FunctionStores, operator: Operator, response: Response) -> Deletion:
    """Needs the scope twin/admin.

    Erases all that is stored of a tenant, for as long as a request may take; 200 when nothing remains.
    """
    deletion = erasure.delete_tenant(stores, tenant_id, operator)
    response.status_code = 200 if deletion.state == "deleted" else 202
    return deletion


lambda_handler = lambda_handler_of(app)
