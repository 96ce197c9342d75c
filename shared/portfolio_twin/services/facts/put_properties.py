"""Properties as they are now: stored, and indexed at once, so that the next request finds them."""

import logging
from collections.abc import Mapping
from statistics import fmean
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, SkipValidation, TypeAdapter, model_validator

from portfolio_twin.adapters.postgres.property_repository import PropertyRepository
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.properties import PROVENANCE_FIELDS, Catalogue, FieldConfidence, PropertyFeatures, PropertyId
from portfolio_twin.errors import Unavailable
from portfolio_twin.services.answers.validate_each import ItemError, validate_each
from portfolio_twin.services.property_points import index_properties

logger = logging.getLogger(__name__)

PROPERTIES_LIMIT = 1_000


FIELD_CONFIDENCE = (
    "0..1, how far a field of this request can be trusted, where its source says; others have the property's own "
    "confidence, and that of the property is read as the mean of all of them"
)


class StatedProperty(Strict):
    property: PropertyFeatures
    field_confidence: FieldConfidence = Field({}, description=FIELD_CONFIDENCE)

    @model_validator(mode="after")
    def _of_what_is_given(self) -> Self:
        if missing := sorted(name for name in self.field_confidence if getattr(self.property, name) is None):
            raise ValueError(f"field_confidence: the property states no {', '.join(missing)}")
        return self

    def as_read(self) -> PropertyFeatures:
        """With the confidence that the property is read with."""
        stated = [name for name in PROVENANCE_FIELDS if getattr(self.property, name) is not None]
        each = [self.field_confidence.get(name, self.property.confidence) for name in stated]
        known = [confidence for confidence in each if confidence is not None]
        return self.property.model_copy(update={"confidence": fmean(known)} if known else {})


class PutPropertyRequest(StatedProperty):
    property: PropertyFeatures = Field(description="the whole of it: a field that is not given is not known")


class PatchPropertyRequest(StatedProperty):
    property: PropertyFeatures = Field(description="what changes: a field that is not given stays, null empties it")


class NamedProperty(StatedProperty):
    property_id: PropertyId


class PostPropertiesRequest(Strict):
    """Checked one by one, so that a bad one spoils no other."""

    properties: Annotated[list[SkipValidation[NamedProperty | Any]], Field(min_length=1, max_length=PROPERTIES_LIMIT)]


class Indexed(BaseModel):
    indexed: bool = Field(description="false: stored, and found after the next reindex")
    model_version: str | None


class StoredProperty(Indexed):
    property_id: str


class PatchedProperty(StoredProperty):
    property: PropertyFeatures = Field(description="as it is now")


class PropertyResult(BaseModel):
    status: Literal["stored"] | None = None
    error: ItemError | None = None


class StoredProperties(Indexed):
    results: list[PropertyResult]


NAMED_PROPERTIES = TypeAdapter(list[NamedProperty])


def put_property(tenant: Tenant, property_id: str, request: PutPropertyRequest) -> StoredProperty:
    """Replaces the property, or makes it."""
    return StoredProperty(property_id=property_id, **_store(tenant, {property_id: request}))


def post_properties(tenant: Tenant, request: PostPropertiesRequest) -> StoredProperties:
    """As `put_property`, for many: one result or one error per item, in their order."""
    good, wrong = validate_each(NAMED_PROPERTIES, request.properties)
    stored: dict[str, StatedProperty] = {}
    for position, item in good.items():
        if item.property_id in stored:
            wrong[position] = "property_id: an item before this one has it too"
        else:
            stored[item.property_id] = item
    results = [
        PropertyResult(error=ItemError(code="InvalidInput", message=wrong[position]))
        if position in wrong
        else PropertyResult(status="stored")
        for position in range(len(request.properties))
    ]
    return StoredProperties(results=results, **_store(tenant, stored))


def patch_property(tenant: Tenant, property_id: str, request: PatchPropertyRequest) -> PatchedProperty:
    """Changes the fields that are given; raises NotFound when this tenant has no such property."""
    with tenant.session() as session:
        features = PropertyRepository(session).patch(property_id, request.property, request.field_confidence)
        session.commit()
    return PatchedProperty(property_id=property_id, property=features, **_index(tenant, {property_id: features}))


def _store(tenant: Tenant, stated: Mapping[str, StatedProperty]) -> dict[str, Any]:
    given = {name: each.property for name, each in stated.items()}
    trust = {name: each.field_confidence for name, each in stated.items()}
    with tenant.session() as session:
        PropertyRepository(session).put_all(given, trust)
        session.commit()
    return _index(tenant, {name: each.as_read() for name, each in stated.items()})


def _index(tenant: Tenant, given: Mapping[str, PropertyFeatures]) -> dict[str, Any]:
    """The fields of `Indexed`."""
    try:
        twin = tenant.twin(fresh=True)
        with tenant.session() as session:
            index_properties(tenant, twin, session, Catalogue.of(list(given), list(given.values())))
    except Unavailable as error:
        logger.warning("stored but not indexed: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        return {"indexed": False, "model_version": None}
    return {"indexed": True, "model_version": twin.version}
