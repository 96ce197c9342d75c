"""POST /predict /batch_predict /embedding /explain · GET /health."""

from fastapi import Request, Response
from pydantic_core import to_json

from portfolio_twin.entrypoints.health import Health, check_health
from portfolio_twin.entrypoints.http import body_of, create_app, lambda_handler_of
from portfolio_twin.entrypoints.http_errors import refusals
from portfolio_twin.entrypoints.tenancy import FunctionStores, OwnTenant
from portfolio_twin.errors import NotFound
from portfolio_twin.services.answers import explain, predict

app = create_app("predict")


@app.post(
    "/predict", tags=["predictions"], summary="How well a property matches an investor", responses=refusals(NotFound)
)
async def post_predict(request: predict.PredictRequest, tenant: OwnTenant) -> predict.Prediction:
    """A property by its id, or by its fields where it is not stored; of fields alone the market knows nothing."""
    return predict.predict(tenant, request)


@app.post(
    "/batch_predict", tags=["predictions"], summary="Up to 10 000 properties for one investor",
    response_model=predict.BatchPrediction, openapi_extra=body_of(predict.BatchRequest),
)  # fmt: skip
async def post_batch_predict(request: Request, tenant: OwnTenant) -> Response:
    """By their fields; one result or one error per item, in their order."""
    answer = predict.predict_batch(tenant, await request.body())
    return Response(to_json(answer), media_type="application/json")


@app.post("/embedding", tags=["look-alikes"], summary="The embedding of a property")
async def post_embedding(request: predict.EmbeddingRequest, tenant: OwnTenant) -> predict.Embedding:
    """Of any property, stored or not: what look-alikes are found by."""
    return predict.embed(tenant, request)


@app.post("/explain", tags=["predictions"], summary="Why this affinity", responses=refusals(NotFound))
async def post_explain(request: explain.ExplainRequest, tenant: OwnTenant) -> explain.ExplanationAnswer:
    """Every contribution, what was liked before and is most like it, and the smallest change that would lift it."""
    return explain.explain_affinity(tenant, request)


@app.get("/health", tags=["system"], summary="Which code answers, and what is up", openapi_extra={"security": []})
async def get_health(stores: FunctionStores) -> Health:
    """For monitors: it asks for no token, and knows of no tenant."""
    return check_health(stores)


lambda_handler = lambda_handler_of(app)
