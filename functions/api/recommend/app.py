"""POST /recommend /search/recommend · GET /properties/recommendations."""

from typing import Annotated

from fastapi import Query

from portfolio_twin.domain.interactions import UserId
from portfolio_twin.entrypoints.http import create_app, lambda_handler_of
from portfolio_twin.entrypoints.tenancy import OwnTenant
from portfolio_twin.services.answers.recommend import Recommendations, RecommendRequest, TopK, recommend

app = create_app("recommend")


@app.post("/recommend")
@app.post("/search/recommend")
async def post_recommend(request: RecommendRequest, tenant: OwnTenant) -> Recommendations:
    return recommend(tenant, request)


@app.get("/properties/recommendations")
async def get_recommendations(
    user_id: Annotated[UserId, Query()], tenant: OwnTenant, top_k: Annotated[TopK, Query()] = 10
) -> Recommendations:
    request = RecommendRequest(user_id=user_id, top_k=top_k)
    return recommend(tenant, request)


lambda_handler = lambda_handler_of(app)
