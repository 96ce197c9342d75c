"""What a search may be narrowed to: filters, and the buy box that an investor states."""

from collections.abc import Collection
from typing import Annotated, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from portfolio_twin.domain.properties import ListingStatus, PropertyFeatures, PropertyId, PropertyType, Text


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True)


class Range(Strict):
    """A closed range; either end may be open."""

    min: float | None = Field(None, ge=0)
    max: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min is greater than max")
        return self

    @property
    def middle(self) -> float | None:
        ends = [end for end in (self.min, self.max) if end is not None]
        return sum(ends) / len(ends) if ends else None


class GeoRadius(Strict):
    """All within `radius_km` of a point in degrees."""

    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_km: float = Field(gt=0, le=20_100)


class Filters(Strict):
    """What a candidate must be; a property that lacks a field that is filtered on does not match."""

    property_type: Annotated[tuple[PropertyType, ...], Field(min_length=1, strict=False)] | None = None
    zipcode: Annotated[tuple[Text, ...], Field(min_length=1, max_length=1000, strict=False)] | None = None
    listing_status: Annotated[tuple[ListingStatus, ...], Field(min_length=1, strict=False)] | None = None
    price: Range | None = None
    bedrooms: Range | None = None
    bathrooms: Range | None = None
    square_footage: Range | None = None
    location: GeoRadius | None = None


class Narrowing(NamedTuple):
    """What a search leaves out: all that `filters` do not let through, all but `only`, what to `exclude`, and what is
    known to be sold or withdrawn where it asks for what is `on_market`.
    """

    filters: Filters | None = None
    only: Collection[PropertyId] | None = None
    exclude: Collection[PropertyId] = ()
    on_market: bool = False


class BuyBox(Filters):
    """The criteria that an investor states before any behaviour tells more."""

    def as_property(self) -> PropertyFeatures:
        """The property in the middle of the box; what the box leaves open stays missing."""
        return PropertyFeatures.model_construct(
            listing_price=self.price.middle if self.price else None,
            bedrooms=self.bedrooms.middle if self.bedrooms else None,
            bathrooms=self.bathrooms.middle if self.bathrooms else None,
            square_footage=self.square_footage.middle if self.square_footage else None,
            lat=self.location.lat if self.location else None,
            lon=self.location.lon if self.location else None,
            property_type=self.property_type[0] if self.property_type else None,
        )
