"""A property as a request names it: by its features, or by the id under which it is stored."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import model_validator

from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.properties import PropertyFeatures, PropertyId
from portfolio_twin.errors import NotFound

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex


class PropertyReference(Strict):
    """A property by its features, or by the id under which it is stored."""

    property_features: PropertyFeatures | None = None
    property_id: PropertyId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.property_features is None) == (self.property_id is None):
            raise ValueError("give either property_features or property_id")
        return self


def resolve_property(index: "TenantIndex", reference: PropertyReference) -> Mapping[str, Any]:
    """Its fields, as `Catalogue.row` gives them; raises NotFound for a property_id that this tenant does not have."""
    if reference.property_features is not None:
        return fields_of(reference.property_features)
    return stored_property(index, str(reference.property_id))


def stored_property(index: "TenantIndex", property_id: str) -> Mapping[str, Any]:
    """The fields of a property that is indexed; raises NotFound when this tenant has no such property."""
    hits = index.get_properties([property_id])
    if property_id not in hits:
        raise NotFound("no such property")
    return hits[property_id].payload


def fields_of(features: PropertyFeatures) -> dict[str, Any]:
    """Its fields, the missing ones left out."""
    return {name: value for name, value in features.__dict__.items() if value is not None and value != {}}
