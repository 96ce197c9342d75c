"""A property as a request names it: by its features, or by the id under which it is stored."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Self

from pydantic import model_validator

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.properties import FIELDS, PropertyFeatures, PropertyId
from portfolio_twin.errors import NotFound
from portfolio_twin.services.answers.know_investor import Dealing, Investor, dealings

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex


class PropertyReference(Strict):
    """A property by its features, or by the id under which it is stored: one of the two."""

    property_features: PropertyFeatures | None = None
    property_id: PropertyId | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.property_features is None) == (self.property_id is None):
            raise ValueError("give either property_features or property_id")
        return self


class Asked(NamedTuple):
    """Who is asked about what."""

    investor: Investor
    history: list[Dealing]
    property: PropertyHit  # its id is empty where only its features are known


def resolve_property(index: "TenantIndex", investor: Investor, reference: PropertyReference) -> Asked:
    """Raises NotFound for a property_id that this tenant does not have.

    Of features alone the market knows nothing: for them only the investor's taste speaks.
    """
    property_id = reference.property_id
    stored = index.get_properties(
        [each.property_id for each in investor.history] + ([property_id] if property_id else [])
    )
    history = dealings(investor, stored)
    if reference.property_features is not None:
        hit = PropertyHit("", 0.0, fields_of(reference.property_features))
        return Asked(investor.by_taste(), history, hit)
    return Asked(investor, history, _one(stored, str(property_id)))


def stored_property(index: "TenantIndex", property_id: str) -> PropertyHit:
    """A property that is indexed; raises NotFound when this tenant has no such property."""
    return _one(index.get_properties([property_id]), property_id)


def _one(stored: Mapping[str, PropertyHit], property_id: str) -> PropertyHit:
    if property_id not in stored:
        raise NotFound("no such property")
    return stored[property_id]


def fields_of(features: PropertyFeatures) -> dict[str, Any]:
    """Its fields, the missing ones left out."""
    return {name: value for name, value in features.__dict__.items() if value is not None and value != {}}


def listing_of(hit: PropertyHit) -> dict[str, Any]:
    """The property's own fields, without those that the index adds."""
    return {name: value for name, value in hit.payload.items() if name in FIELDS}
