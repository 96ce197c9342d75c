"""The write side: POST /properties/{id}/feedback · POST /interactions · PUT /properties/{id}."""

from typing import Annotated

from fastapi import Header, Path

from portfolio_twin.domain.interactions import IdempotencyKey
from portfolio_twin.domain.properties import PropertyId
from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.facts.put_property import PutPropertyRequest, StoredProperty, put_property
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

Id = Annotated[PropertyId, Path()]
Key = Annotated[IdempotencyKey | None, Header(description="the same key and body again: the same answer, stored once")]


@app.post("/properties/{property_id}/feedback", status_code=201)
async def post_feedback(
    property_id: Id, request: FeedbackRequest, tenant: OwnTenant, idempotency_key: Key = None
) -> Feedback:
    return record_feedback(tenant, property_id, request, idempotency_key)


@app.post("/interactions")
async def post_interactions(request: InteractionsRequest, tenant: OwnTenant) -> InteractionsAnswer:
    return record_interactions(tenant, request)


@app.put("/properties/{property_id}")
async def put(property_id: Id, request: PutPropertyRequest, tenant: OwnTenant) -> StoredProperty:
    return put_property(tenant, property_id, request)


lambda_handler = lambda_handler_of(app)
