"""How well does this property match this investor?"""

from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.twin import Scored, Twin
from portfolio_twin.services.answers.give_reasons import Reason, give_reasons
from portfolio_twin.services.answers.know_investor import Investor, Strategy, know_investor
from portfolio_twin.services.answers.resolve_property import PropertyReference, resolve_property
from portfolio_twin.services.answers.validate_each import ItemError, parse_body, validate_each

BATCH_LIMIT = 10_000
PROPERTIES = TypeAdapter(list[PropertyFeatures])


class PredictRequest(PropertyReference):
    user_id: UserId
    explain: bool = False


class Prediction(BaseModel):
    affinity_score: float = Field(description="P(the investor would act on it), 0.5 being as likely as not")
    confidence: float = Field(description="how sure this answer is, 0..1")
    model_version: str
    strategy: Strategy
    degraded: bool = Field(False, description="the index is down: answered from what training knew")
    reasons: list[Reason] | None = None


class ItemResult(BaseModel):
    """A score, or what is wrong with this item."""

    affinity_score: float | None = None
    confidence: float | None = None
    error: ItemError | None = None


class BatchPrediction(BaseModel):
    model_version: str
    strategy: Strategy
    degraded: bool
    results: list[ItemResult]


class BatchRequest(Strict):
    """The items are checked one by one: a bad one gets an error at its position and spoils no other."""

    user_id: UserId
    properties: Annotated[list[Any], Field(min_length=1, max_length=BATCH_LIMIT)]


class EmbeddingRequest(Strict):
    property_features: PropertyFeatures


class Embedding(BaseModel):
    model_version: str
    embedding: list[float]


class FaultlessBatch(BatchRequest):
    properties: Annotated[list[PropertyFeatures], Field(min_length=1, max_length=BATCH_LIMIT)]


def predict(tenant: Tenant, request: PredictRequest) -> Prediction:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, request.user_id)
    try:
        fields = resolve_property(index, request)
    except IndexUnavailable:
        return _from_bundle(twin, investor.without_index(), str(request.property_id))
    features = twin.schema.read(Catalogue.from_rows([""], [fields]))
    reasons = give_reasons(twin, investor.taste, features.X[0], fields) if request.explain else None
    return _prediction(twin, investor, twin.score(investor.taste, features), reasons)


def predict_batch(tenant: Tenant, body: bytes) -> dict[str, Any]:
    """One result or one error per item, in order; plain data, as 10 000 models would take longer than the twin."""
    user_id, good, errors = read_batch(body)
    twin = tenant.twin()
    investor = know_investor(tenant.index(twin.version), twin, user_id)
    results: list[dict[str, Any]] = [{}] * (len(good) + len(errors))
    for position, message in errors.items():
        results[position] = {"error": {"code": "InvalidInput", "message": message}}
    if good:
        features = twin.schema.read(Catalogue.of([""] * len(good), list(good.values())))
        affinity, confidence = twin.score(investor.taste, features)
        for position, p, c in zip(good, affinity.tolist(), confidence.tolist(), strict=True):
            results[position] = {"affinity_score": p, "confidence": c}
    return {
        "model_version": twin.version,
        "strategy": investor.strategy(twin),
        "degraded": investor.degraded,
        "results": results,
    }


def read_batch(body: bytes) -> tuple[int, dict[int, PropertyFeatures], dict[int, str]]:
    """The investor, and by position the good items and what is wrong with the others.

    A batch without a fault is read in one go, twice as fast as the two steps that tell the faults apart.
    """
    try:
        batch = FaultlessBatch.model_validate_json(body)
        return batch.user_id, dict(enumerate(batch.properties)), {}
    except ValidationError:
        request = parse_body(BatchRequest, body)
    return request.user_id, *validate_each(PROPERTIES, request.properties)


def embed(tenant: Tenant, request: EmbeddingRequest) -> Embedding:
    twin = tenant.twin()
    vector = twin.embed(Catalogue.of([""], [request.property_features]))[0]  # (d,)
    return Embedding(model_version=twin.version, embedding=vector.tolist())


def _from_bundle(twin: Twin, investor: Investor, property_id: str) -> Prediction:
    vector = twin.known_property(property_id)
    if vector is None:
        raise IndexUnavailable("the index is down, and the property is not one that training knew")
    cosine = vector[None] @ investor.taste.vector
    return _prediction(twin, investor, twin.score_cosines(cosine, investor.taste.evidence, familiarity=1.0))


def _prediction(twin: Twin, investor: Investor, scored: Scored, reasons: list[Reason] | None = None) -> Prediction:
    return Prediction(
        affinity_score=float(scored.affinity[0]),
        confidence=float(scored.confidence[0]),
        model_version=twin.version,
        strategy=investor.strategy(twin),
        degraded=investor.degraded,
        reasons=reasons,
    )
