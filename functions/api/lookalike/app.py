"""GET /properties/{id}/similar /search/look-alikes/{id} /properties/{id}/audience · POST /search/similar."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.paths import PathPropertyId
from portfolio_twin.entrypoints.query import FilterQuery, TopKQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.answers import find_lookalikes
from portfolio_twin.services.answers.find_lookalikes import Audience, SimilarProperties, SimilarRequest

app = create_app("lookalike")


@app.get("/properties/{property_id}/similar")
@app.get("/search/look-alikes/{property_id}")
async def get_similar(
    property_id: PathPropertyId, tenant: OwnTenant, query: Annotated[FilterQuery, Query()]
) -> SimilarProperties:
    return find_lookalikes.find_similar(tenant, property_id, query.filters, query.top_k)


@app.get("/properties/{property_id}/audience")
async def get_audience(
    property_id: PathPropertyId, tenant: OwnTenant, query: Annotated[TopKQuery, Query()]
) -> Audience:
    return find_lookalikes.find_audience(tenant, property_id, query.top_k)


@app.post("/search/similar")
async def post_similar(request: SimilarRequest, tenant: OwnTenant) -> SimilarProperties:
    return find_lookalikes.find_similar_to_examples(tenant, request)


lambda_handler = lambda_handler_of(app)
