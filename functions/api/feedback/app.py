"""The facts: POST /properties/{id}/feedback /interactions /properties · GET PUT PATCH DELETE /properties/{id}.

A person's data: DELETE /investors/{id} · GET /investors/{id}/export.
"""

from typing import Annotated

from fastapi import Header, Path, Query

from portfolio_twin.domain.interactions import IdempotencyKey, UserId
from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.paths import PathPropertyId
from portfolio_twin.entrypoints.query import CursorQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.facts.delete_property import DeletedProperty, delete_property
from portfolio_twin.services.facts.erase_investor import ErasedInvestor, erase_investor
from portfolio_twin.services.facts.export_investor import InvestorExport, export_investor
from portfolio_twin.services.facts.get_property import StoredListing, get_property
from portfolio_twin.services.facts.put_properties import (
    PatchedProperty,
    PatchPropertyRequest,
    PostPropertiesRequest,
    PutPropertyRequest,
    StoredProperties,
    StoredProperty,
    patch_property,
    post_properties,
    put_property,
)
from portfolio_twin.services.facts.record_feedback import (
    Feedback,
    FeedbackRequest,
    InteractionsAnswer,
    InteractionsRequest,
    record_feedback,
    record_interactions,
)
from portfolio_twin.settings import WriteSettings

app = create_app("feedback", WriteSettings)

PathUserId = Annotated[UserId, Path()]
Key = Annotated[IdempotencyKey | None, Header(description="the same key and body again: the same answer, stored once")]


@app.post("/properties/{property_id}/feedback", status_code=201)
async def post_feedback(
    property_id: PathPropertyId, request: FeedbackRequest, tenant: OwnTenant, idempotency_key: Key = None
) -> Feedback:
    return record_feedback(tenant, property_id, request, idempotency_key)


@app.post("/interactions")
async def post_interactions(request: InteractionsRequest, tenant: OwnTenant) -> InteractionsAnswer:
    return record_interactions(tenant, request)


@app.get("/properties/{property_id}")
async def get(property_id: PathPropertyId, tenant: OwnTenant) -> StoredListing:
    """The property as it is stored; `confidence` is the mean over its fields where their sources state one."""
    return get_property(tenant, property_id)


@app.put("/properties/{property_id}")
async def put(property_id: PathPropertyId, request: PutPropertyRequest, tenant: OwnTenant) -> StoredProperty:
    """Replaces the property, or makes it: a field that is not given is emptied. PATCH changes what is given alone."""
    return put_property(tenant, property_id, request)


@app.patch("/properties/{property_id}")
async def patch(property_id: PathPropertyId, request: PatchPropertyRequest, tenant: OwnTenant) -> PatchedProperty:
    """Changes the fields that are given, and leaves the others; null empties a field, attributes one by one."""
    return patch_property(tenant, property_id, request)


@app.delete("/properties/{property_id}")
async def delete(property_id: PathPropertyId, tenant: OwnTenant) -> DeletedProperty:
    """Deletes a property that nobody has acted on (409 otherwise: what investors did stays; make it Off Market)."""
    return delete_property(tenant, property_id)


@app.post("/properties")
async def post_many(request: PostPropertiesRequest, tenant: OwnTenant) -> StoredProperties:
    """Replaces or makes up to 1 000 properties; one result or one error per item, in their order."""
    return post_properties(tenant, request)


@app.delete("/investors/{user_id}")
async def delete_investor(user_id: PathUserId, tenant: OwnTenant) -> ErasedInvestor:
    """Erases all that this person did; what was learnt before is dropped later, see `still_in`."""
    return erase_investor(tenant, user_id)


@app.get("/investors/{user_id}/export")
async def get_export(user_id: PathUserId, tenant: OwnTenant, query: Annotated[CursorQuery, Query()]) -> InvestorExport:
    """All that is stored of one person, a page of interactions at a time."""
    return export_investor(tenant, user_id, query.cursor)


lambda_handler = lambda_handler_of(app)
