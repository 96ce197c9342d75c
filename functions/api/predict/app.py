"""POST /predict /batch_predict /embedding /explain · GET /health."""

from fastapi import Request, Response
from pydantic import BaseModel
from pydantic_core import to_json

from portfolio_twin.domain.criteria import STRICT
from portfolio_twin.domain.properties import PropertyFeatures
from portfolio_twin.entrypoints.health import Health, check_health
from portfolio_twin.entrypoints.http import body_of, create_app, lambda_handler_of
from portfolio_twin.entrypoints.resources import live_models, vector_index
from portfolio_twin.entrypoints.tenancy import MaybeTenant, Tenant
from portfolio_twin.services.answers import explain, predict

app = create_app("predict")


class EmbeddingRequest(BaseModel):
    model_config = STRICT

    property_features: PropertyFeatures


class Embedding(BaseModel):
    model_version: str
    embedding: list[float]


@app.post("/predict")
async def post_predict(request: predict.PredictRequest, tenant: Tenant) -> predict.Prediction:
    return predict.predict(live_models(), vector_index(), tenant, request)


@app.post("/batch_predict", response_model=predict.BatchPrediction, openapi_extra=body_of(predict.FaultlessBatch))
async def post_batch_predict(request: Request, tenant: Tenant) -> Response:
    answer = predict.predict_batch(live_models(), vector_index(), tenant, await request.body())
    return Response(to_json(answer), media_type="application/json")


@app.post("/embedding")
async def post_embedding(request: EmbeddingRequest, tenant: Tenant) -> Embedding:
    version, vector = predict.embed(live_models(), tenant, request.property_features)
    return Embedding(model_version=version, embedding=vector.tolist())


@app.post("/explain")
async def post_explain(request: explain.ExplainRequest, tenant: Tenant) -> explain.ExplanationAnswer:
    return explain.explain_affinity(live_models(), vector_index(), tenant, request)


@app.get("/health")
async def get_health(tenant: MaybeTenant) -> Health:
    return check_health(live_models(), vector_index(), tenant)


lambda_handler = lambda_handler_of(app)
