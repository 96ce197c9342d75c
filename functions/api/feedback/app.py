"""The facts: POST /properties/{id}/feedback /interactions /properties · GET PUT PATCH DELETE /properties/{id}.

A person's data: DELETE /investors/{id} · GET /investors/{id}/export.
"""

from typing import Annotated

from fastapi import Header, Query

from portfolio_twin.domain.interactions import IdempotencyKey
from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.paths import PathPropertyId, PathUserId
from portfolio_twin.entrypoints.query import CursorQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.errors import IdempotencyConflict, InvalidInput, NotFound, PropertyInUse
from portfolio_twin.services.facts import delete_property as deletion
from portfolio_twin.services.facts import erase_investor as erasure
from portfolio_twin.services.facts import export_investor as export
from portfolio_twin.services.facts import get_property as reading
from portfolio_twin.services.facts import put_properties as storing
from portfolio_twin.services.facts import record_feedback as recording
from portfolio_twin.settings import WriteSettings

app = create_app("feedback", WriteSettings)

Key = Annotated[IdempotencyKey | None, Header(description="the same key and body again: the same answer, stored once")]


@app.post(
    "/properties/{property_id}/feedback", status_code=201, tags=["feedback"], summary="A thumb, or anything else done",
    responses=refusals(NotFound, InvalidInput, IdempotencyConflict),
)  # fmt: skip
async def post_feedback(
    property_id: PathPropertyId, request: recording.FeedbackRequest, tenant: OwnTenant, idempotency_key: Key = None
) -> recording.Feedback:
    """Stored as a fact, and part of the very next answer. `clear` takes the investor's thumbs for the property back."""
    return recording.record_feedback(tenant, property_id, request, idempotency_key)


@app.post("/interactions", tags=["feedback"], summary="Events from other systems")
async def post_interactions(request: recording.InteractionsRequest, tenant: OwnTenant) -> recording.InteractionsAnswer:
    """Up to 1 000, one result or one error per item in their order; the same event twice is stored once."""
    return recording.record_interactions(tenant, request)


@app.get(
    "/properties/{property_id}", tags=["properties"], summary="A property as it is stored", responses=refusals(NotFound)
)
async def get_property(property_id: PathPropertyId, tenant: OwnTenant) -> reading.StoredListing:
    """`confidence` is the mean over its fields where their sources state one."""
    return reading.get_property(tenant, property_id)


@app.put("/properties/{property_id}", tags=["properties"], summary="Replace a property, or make it")
async def put_property(
    property_id: PathPropertyId, request: storing.PutPropertyRequest, tenant: OwnTenant
) -> storing.StoredProperty:
    """A field that is not given is emptied; PATCH changes what is given alone. Found from the next request on."""
    return storing.put_property(tenant, property_id, request)


@app.patch("/properties/{property_id}", tags=["properties"], summary="Change some fields", responses=refusals(NotFound))
async def patch_property(
    property_id: PathPropertyId, request: storing.PatchPropertyRequest, tenant: OwnTenant
) -> storing.PatchedProperty:
    """Changes the fields that are given, and leaves the others; null empties a field, attributes one by one."""
    return storing.patch_property(tenant, property_id, request)


@app.delete(
    "/properties/{property_id}", tags=["properties"], summary="Delete a property",
    responses=refusals(NotFound, PropertyInUse),
)  # fmt: skip
async def delete_property(property_id: PathPropertyId, tenant: OwnTenant) -> deletion.DeletedProperty:
    """One that nobody has acted on (409 otherwise: what investors did stays; make it Off Market)."""
    return deletion.delete_property(tenant, property_id)


@app.post("/properties", tags=["properties"], summary="Replace or make up to 1 000 properties")
async def post_properties(request: storing.PostPropertiesRequest, tenant: OwnTenant) -> storing.StoredProperties:
    """One result or one error per item, in their order; a bad one spoils no other."""
    return storing.post_properties(tenant, request)


@app.delete("/investors/{user_id}", tags=["investors"], summary="Erase a person's data", responses=refusals(NotFound))
async def delete_investor(user_id: PathUserId, tenant: OwnTenant) -> erasure.ErasedInvestor:
    """Erases all that this person did; what was learnt before is dropped later, see `still_in`."""
    return erasure.erase_investor(tenant, user_id)


@app.get(
    "/investors/{user_id}/export", tags=["investors"], summary="A person's data, to hand over",
    responses=refusals(NotFound),
)  # fmt: skip
async def get_export(
    user_id: PathUserId, tenant: OwnTenant, query: Annotated[CursorQuery, Query()]
) -> export.InvestorExport:
    """All that is stored of one person, a page of interactions at a time."""
    return export.export_investor(tenant, user_id, query.cursor)


lambda_handler = lambda_handler_of(app)
