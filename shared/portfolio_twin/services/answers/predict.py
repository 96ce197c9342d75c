"""How well does this property match this investor?"""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, Field, SkipValidation

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import PROPERTY_ROWS, Catalogue, PropertyFeatures
from portfolio_twin.errors import IndexUnavailable
from portfolio_twin.model.scoring.confidence import sigmoid
from portfolio_twin.model.twin import Scored, Twin
from portfolio_twin.services.answers.give_reasons import Reason
from portfolio_twin.services.answers.know_investor import ACTED_ON, Investor, Strategy, know_investor
from portfolio_twin.services.answers.resolve_property import Asked, PropertyReference, fields_of, resolve_property
from portfolio_twin.services.answers.score_stored import score_stored
from portfolio_twin.services.answers.validate_each import ItemError, parse_body, validate_each

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

BATCH_LIMIT = 10_000
AFFINITY = (
    "a / (1 - a) is how many times as likely the investor is to choose it next as the average property on offer: "
    "0.5 as likely, 0.9 nine times, 0.1 a ninth; these odds times base_rate are about the chance that it is acted on"
)
BASE_RATE = "the share of the catalogue that an investor acts on: the chance at an affinity of 0.5"
BASELINE = "the affinity of a property that is average in everything: reasons sum to the difference in log-odds"


class PredictRequest(PropertyReference):
    user_id: UserId
    explain: bool = False


class Prediction(BaseModel):
    user_id: int
    affinity_score: float = Field(description=AFFINITY)
    confidence: float = Field(description="how sure this answer is, 0..1")
    base_rate: float = Field(description=BASE_RATE)
    model_version: str
    strategy: Strategy
    degraded: bool = Field(False, description="the index is down: answered from what training knew")
    acted_on: bool | None = Field(None, description=ACTED_ON)
    baseline_score: float | None = Field(None, description=BASELINE)
    reasons: list[Reason] | None = None


class ItemResult(BaseModel):
    """A score, or what is wrong with this item."""

    affinity_score: float | None = None
    confidence: float | None = None
    error: ItemError | None = None


class BatchPrediction(BaseModel):
    user_id: int
    base_rate: float = Field(description=BASE_RATE)
    model_version: str
    strategy: Strategy
    degraded: bool
    results: list[ItemResult]


class BatchRequest(Strict):
    """The items are checked one by one: a bad one gets an error at its position and spoils no other."""

    user_id: UserId
    properties: Annotated[list[SkipValidation[PropertyFeatures | Any]], Field(min_length=1, max_length=BATCH_LIMIT)]


class EmbeddingRequest(Strict):
    property_features: PropertyFeatures


class Embedding(BaseModel):
    model_version: str
    embedding: list[float]


def predict(tenant: Tenant, request: PredictRequest) -> Prediction:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = tenant.twin()
    index = tenant.index(twin.version)
    investor = know_investor(index, twin, request.user_id)
    if request.property_features is not None and not request.explain:  # most requests by far: nothing but the number
        features = twin.schema.read(Catalogue.from_rows([""], [fields_of(request.property_features)]))
        return _prediction(twin, request.user_id, investor, twin.score(investor.taste, features))
    try:
        asked = _asked(index, investor, request)
    except IndexUnavailable:
        return _from_bundle(twin, request.user_id, investor.without_index(), str(request.property_id))
    judged = score_stored(twin, asked.investor, asked.history, [asked.property])
    scores = judged.scores
    scored = twin.judge(scores.log_odds, investor.taste.evidence, twin.familiarity(scores.features))
    answer = _prediction(twin, request.user_id, investor, scored)
    answer.acted_on = investor.has_acted_on(request.property_id)
    if request.explain:
        answer.reasons, answer.baseline_score = judged.reasons([0])[0], float(sigmoid(scores.baseline))
    return answer


def predict_batch(tenant: Tenant, body: bytes) -> dict[str, Any]:
    """One result or one error per item, in order; plain data, as 10 000 models would take longer than the twin."""
    request = parse_body(BatchRequest, body)
    good, errors = validate_each(PROPERTY_ROWS, request.properties)
    twin = tenant.twin()
    investor = know_investor(tenant.index(twin.version), twin, request.user_id)
    results: list[dict[str, Any]] = [{}] * (len(good) + len(errors))
    for position, message in errors.items():
        results[position] = {"error": {"code": "InvalidInput", "message": message}}
    if good:
        features = twin.schema.read(Catalogue.from_rows([""] * len(good), list(good.values())))
        affinity, confidence = twin.score(investor.taste, features)
        for position, p, c in zip(good, affinity.tolist(), confidence.tolist(), strict=True):
            results[position] = {"affinity_score": p, "confidence": c}
    return {
        "user_id": request.user_id,
        "base_rate": twin.base_rate,
        "model_version": twin.version,
        "strategy": investor.strategy(twin),
        "degraded": investor.degraded,
        "results": results,
    }


def embed(tenant: Tenant, request: EmbeddingRequest) -> Embedding:
    twin = tenant.twin()
    vector = twin.embed(Catalogue.of([""], [request.property_features]))[0]  # (d,)
    return Embedding(model_version=twin.version, embedding=vector.tolist())


def _asked(index: "TenantIndex", investor: Investor, request: PredictRequest) -> Asked:
    """As `resolve_property`; of features alone without a word to the index."""
    if request.property_features is None:
        return resolve_property(index, investor, request)
    return Asked(investor.by_taste(), [], PropertyHit("", 0.0, fields_of(request.property_features)))


def _from_bundle(twin: Twin, user_id: int, investor: Investor, property_id: str) -> Prediction:
    vector = twin.known_property(property_id)
    if vector is None:
        raise IndexUnavailable("the index is down, and the property is not one that training knew")
    log_odds = twin.log_odds(investor.taste, vector[None])
    return _prediction(twin, user_id, investor, twin.judge(log_odds, investor.taste.evidence, familiarity=1.0))


def _prediction(twin: Twin, user_id: int, investor: Investor, scored: Scored) -> Prediction:
    return Prediction(
        user_id=user_id,
        affinity_score=float(scored.affinity[0]),
        confidence=float(scored.confidence[0]),
        base_rate=twin.base_rate,
        model_version=twin.version,
        strategy=investor.strategy(twin),
        degraded=investor.degraded,
    )
