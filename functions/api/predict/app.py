"""POST /predict /batch_predict /embedding /explain · GET /health."""

from fastapi import Request, Response
from pydantic_core import to_json

from portfolio_twin.entrypoints.health import Health, check_health
from portfolio_twin.entrypoints.http import body_of, create_app, lambda_handler_of
from portfolio_twin.entrypoints.tenancy import FunctionStores, OwnTenant
from portfolio_twin.services.answers import explain, predict

app = create_app("predict")


@app.post("/predict")
async def post_predict(request: predict.PredictRequest, tenant: OwnTenant) -> predict.Prediction:
    return predict.predict(tenant, request)


@app.post("/batch_predict", response_model=predict.BatchPrediction, openapi_extra=body_of(predict.BatchRequest))
async def post_batch_predict(request: Request, tenant: OwnTenant) -> Response:
    answer = predict.predict_batch(tenant, await request.body())
    return Response(to_json(answer), media_type="application/json")


@app.post("/embedding")
async def post_embedding(request: predict.EmbeddingRequest, tenant: OwnTenant) -> predict.Embedding:
    return predict.embed(tenant, request)


@app.post("/explain")
async def post_explain(request: explain.ExplainRequest, tenant: OwnTenant) -> explain.ExplanationAnswer:
    return explain.explain_affinity(tenant, request)


@app.get("/health", openapi_extra={"security": []})
async def get_health(stores: FunctionStores) -> Health:
    return check_health(stores)


lambda_handler = lambda_handler_of(app)
