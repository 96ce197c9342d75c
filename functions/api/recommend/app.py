"""POST /recommend /search/recommend · GET /properties/recommendations."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.query import RecommendQuery
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.answers.recommend import Recommendations, RecommendRequest, recommend

app = create_app("recommend")


@app.post("/recommend")
@app.post("/search/recommend")
async def post_recommend(request: RecommendRequest, tenant: OwnTenant) -> Recommendations:
    return recommend(tenant, request)


@app.get("/properties/recommendations")
async def get_recommendations(query: Annotated[RecommendQuery, Query()], tenant: OwnTenant) -> Recommendations:
    return recommend(tenant, query.request)


lambda_handler = lambda_handler_of(app)
