"""How well does this property match this investor?"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter, ValidationError, model_validator

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.qdrant.index import VectorIndex
from portfolio_twin.adapters.s3.live_models import LiveModels
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import STRICT
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import Catalogue, PropertyFeatures, PropertyId
from portfolio_twin.errors import IndexUnavailable, NotFound
from portfolio_twin.model.twin import Twin
from portfolio_twin.services.answers.give_reasons import Reason, give_reasons, known_fields
from portfolio_twin.services.answers.know_investor import Investor, Strategy, know_investor
from portfolio_twin.services.answers.validate_each import ItemError, parse_body, validate_each

BATCH_LIMIT = 10_000


class PropertyReference(BaseModel):
    """A property by its features, or by the id under which it is stored."""

    model_config = STRICT

    property_features: PropertyFeatures | None = None
    property_id: PropertyId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.property_features is None) == (self.property_id is None):
            raise ValueError("give either property_features or property_id")
        return self


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


class BatchRequest(BaseModel):
    """The items are checked one by one: a bad one gets an error in its place and spoils no other."""

    model_config = STRICT

    user_id: UserId
    properties: Annotated[list[Any], Field(min_length=1, max_length=BATCH_LIMIT)]


class FaultlessBatch(BatchRequest):
    properties: Annotated[list[PropertyFeatures], Field(min_length=1, max_length=BATCH_LIMIT)]


def predict(models: LiveModels, index: VectorIndex, tenant: UUID, request: PredictRequest) -> Prediction:
    """Raises NotFound for a property_id that this tenant does not have."""
    twin = models.current(tenant)
    investor = know_investor(twin, index, tenant, request.user_id)
    if request.property_id is not None:
        try:
            row: Mapping[str, Any] = stored_property(twin, index, tenant, request.property_id)
        except IndexUnavailable:
            return _from_bundle(twin, investor, request.property_id)
    else:
        assert request.property_features is not None  # the validator saw to it
        row = known_fields(request.property_features)
    X = twin.schema.vectorise(Catalogue.from_rows([""], [row]))
    affinity, confidence = twin.score(investor.taste, X)
    reasons = give_reasons(twin, investor.vector, X[0], row, investor.evidence) if request.explain else None
    return _prediction(twin, investor, float(affinity[0]), float(confidence[0]), reasons)


def predict_batch(models: LiveModels, index: VectorIndex, tenant: UUID, body: bytes) -> dict[str, Any]:
    """One result or one error per item, in order; plain data, as 10 000 models would take longer than the twin."""
    user_id, good, errors = read_batch(body)
    twin = models.current(tenant)
    investor = know_investor(twin, index, tenant, user_id)
    results: list[dict[str, Any]] = [{}] * (len(good) + len(errors))
    for place, message in errors.items():
        results[place] = {"error": {"code": "InvalidInput", "message": message}}
    if good:
        X = twin.schema.vectorise(Catalogue.of([""] * len(good), list(good.values())))
        affinity, confidence = twin.score(investor.taste, X)
        for place, p, c in zip(good, affinity.tolist(), confidence.tolist(), strict=True):
            results[place] = {"affinity_score": p, "confidence": c}
    return {
        "model_version": twin.version,
        "strategy": investor.strategy(twin),
        "degraded": investor.degraded,
        "results": results,
    }


def read_batch(body: bytes) -> tuple[int, dict[int, PropertyFeatures], dict[int, str]]:
    """The investor, and by place the good items and what is wrong with the others.

    A batch without a fault is read in one go, twice as fast as the two steps that tell the faults apart.
    """
    try:
        batch = FaultlessBatch.model_validate_json(body)
        return batch.user_id, dict(enumerate(batch.properties)), {}
    except ValidationError:
        request = parse_body(BatchRequest, body)
    return request.user_id, *validate_each(PROPERTIES, request.properties)


PROPERTIES = TypeAdapter(list[PropertyFeatures])


def embed(models: LiveModels, tenant: UUID, features: PropertyFeatures) -> tuple[str, Matrix]:
    """The model's version and the property's vector (d,)."""
    twin = models.current(tenant)
    return twin.version, twin.embed(Catalogue.of([""], [features]))[0]


def stored_property(twin: Twin, index: VectorIndex, tenant: UUID, property_id: str) -> Mapping[str, Any]:
    """The known fields of a property of this tenant; raises NotFound when it has no such property."""
    found = index.get_properties(tenant, twin.version, [property_id])
    if property_id not in found:
        raise NotFound("no such property")
    return found[property_id].payload


def _from_bundle(twin: Twin, investor: Investor, property_id: str) -> Prediction:
    vector = twin.known_property(property_id)
    if vector is None:
        raise IndexUnavailable("the index is down, and the property is not one that training knew")
    affinity, confidence = twin.score_cosines(vector[None] @ investor.vector, investor.evidence, 0.0)
    if not investor.degraded:  # else it was counted when it was found
        telemetry.count("Degraded")
    degraded = replace(investor, degraded=True)
    return _prediction(twin, degraded, float(affinity[0]), float(confidence[0]), None)


def _prediction(
    twin: Twin, investor: Investor, affinity: float, confidence: float, reasons: list[Reason] | None
) -> Prediction:
    return Prediction(
        affinity_score=affinity,
        confidence=confidence,
        model_version=twin.version,
        strategy=investor.strategy(twin),
        degraded=investor.degraded,
        reasons=reasons,
    )
