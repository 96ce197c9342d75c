"""POST /recommend /search/recommend · GET /properties/recommendations."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.query import RecommendQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.errors import CursorExpired
from portfolio_twin.services.answers.recommend import Recommendations, RecommendRequest, recommend

app = create_app("recommend")
BEST = "The best properties for an investor now"


@app.post("/recommend", tags=["recommendations"], summary=BEST, responses=refusals(CursorExpired))
@app.post(
    "/search/recommend",
    tags=["recommendations"],
    summary=BEST,
    responses=refusals(CursorExpired),
    operation_id="post_search_recommend",
)
async def post_recommend(request: RecommendRequest, tenant: OwnTenant) -> Recommendations:
    """In the order of affinity, never one that they have acted on, and of what is on the market unless asked otherwise.

    `explain: false` answers without reasons, and sooner.
    """
    return recommend(tenant, request)


@app.get("/properties/recommendations", tags=["recommendations"], summary=BEST, responses=refusals(CursorExpired))
async def get_recommendations(query: Annotated[RecommendQuery, Query()], tenant: OwnTenant) -> Recommendations:
    """As POST /recommend, every filter as a parameter; with `buy_box=true` they are what the investor wants."""
    return recommend(tenant, query.request)


lambda_handler = lambda_handler_of(app)
