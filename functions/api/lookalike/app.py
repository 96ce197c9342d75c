"""GET /properties/{id}/similar /search/look-alikes/{id} /properties/{id}/audience · POST /search/similar."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.paths import PathPropertyId
from portfolio_twin.entrypoints.query import AudienceQuery, FilterQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.errors import NotFound
from portfolio_twin.services.answers import find_lookalikes
from portfolio_twin.services.answers.find_lookalikes import Audience, SimilarProperties, SimilarRequest

app = create_app("lookalike")
LIKE_THIS = "Properties like this one"


@app.get("/properties/{property_id}/similar", tags=["look-alikes"], summary=LIKE_THIS, responses=refusals(NotFound))
@app.get(
    "/search/look-alikes/{property_id}", tags=["look-alikes"], summary=LIKE_THIS, responses=refusals(NotFound),
    operation_id="get_look_alikes",
)  # fmt: skip
async def get_similar(
    property_id: PathPropertyId, tenant: OwnTenant, query: Annotated[FilterQuery, Query()]
) -> SimilarProperties:
    """By embedding, the property itself left out; sold and withdrawn ones too, unless `listing_status` narrows it."""
    return find_lookalikes.find_similar(tenant, property_id, query.filters, query.top_k)


@app.get(
    "/properties/{property_id}/audience", tags=["look-alikes"], summary="Who would want it",
    responses=refusals(NotFound),
)  # fmt: skip
async def get_audience(
    property_id: PathPropertyId, tenant: OwnTenant, query: Annotated[AudienceQuery, Query()]
) -> Audience:
    """Investors by their affinity for it; who has acted on it already is marked, or left out."""
    return find_lookalikes.find_audience(tenant, property_id, query.top_k, exclude_acted=query.exclude_acted)


@app.post(
    "/search/similar", tags=["look-alikes"], summary="Properties like several, or like an embedding",
    responses=refusals(NotFound),
)  # fmt: skip
async def post_similar(request: SimilarRequest, tenant: OwnTenant) -> SimilarProperties:
    """Like the positives, and away from the negatives; none of them is answered."""
    return find_lookalikes.find_similar_to_examples(tenant, request)


lambda_handler = lambda_handler_of(app)
