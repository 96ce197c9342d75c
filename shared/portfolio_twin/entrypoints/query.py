"""Questions in a query string: every filter as a flat parameter, and no parameter that nobody reads."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portfolio_twin.domain.criteria import Filters
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import ListingStatus, PropertyType, Text
from portfolio_twin.services.answers.recommend import RecommendRequest, TopK
from portfolio_twin.services.answers.validate_each import describe

AGAIN = "may be given again: any of them will do"
PLACE = ("lat", "lon", "radius_km")


class TopKQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    top_k: TopK = 10


class FilterQuery(TopKQuery):
    """The fields of `Filters`, each range as two parameters; a place takes all of its three."""

    property_type: list[PropertyType] = Field([], description=AGAIN)
    zipcode: list[Text] = Field([], description=AGAIN)
    listing_status: list[ListingStatus] = Field([], description=AGAIN)
    price_min: float | None = Field(None, ge=0, description="USD, at least")
    price_max: float | None = Field(None, ge=0, description="USD, at most")
    bedrooms_min: float | None = Field(None, ge=0, description="at least")
    bedrooms_max: float | None = Field(None, ge=0, description="at most")
    bathrooms_min: float | None = Field(None, ge=0, description="at least")
    bathrooms_max: float | None = Field(None, ge=0, description="at most")
    square_footage_min: float | None = Field(None, ge=0, description="ft², at least")
    square_footage_max: float | None = Field(None, ge=0, description="ft², at most")
    lat: float | None = Field(None, ge=-90, le=90, description="degrees, of the middle of a circle")
    lon: float | None = Field(None, ge=-180, le=180, description="degrees")
    radius_km: float | None = Field(None, gt=0, le=20_100, description="kilometres")

    @model_validator(mode="after")
    def _read_at_once(self) -> Self:
        """So that a broken rule is told as that of any other parameter."""
        try:
            _ = self.filters
        except ValidationError as error:
            raise ValueError(describe(error.errors())) from None
        return self

    @property
    def filters(self) -> Filters | None:
        """As the body of a request would state them; None where there are none."""
        stated: dict[str, Any] = {
            name: tuple(values)
            for name in ("property_type", "zipcode", "listing_status")
            if (values := getattr(self, name))
        }
        for name in ("price", "bedrooms", "bathrooms", "square_footage"):
            limits = {end: value for end in ("min", "max") if (value := getattr(self, f"{name}_{end}")) is not None}
            stated |= {name: limits} if limits else {}
        place = {name: value for name in PLACE if (value := getattr(self, name)) is not None}
        stated |= {"location": place} if place else {}
        return Filters.model_validate(stated) if stated else None


class RecommendQuery(FilterQuery):
    """`RecommendRequest` as far as a query string can state it."""

    user_id: UserId
    diversity: float = Field(0.0, ge=0, le=1, description="0 the best matches, 1 the most unlike each other")
    discover_new: bool = Field(False, description="leave out what everybody in this market likes")

    @property
    def request(self) -> RecommendRequest:
        return RecommendRequest(
            user_id=self.user_id, top_k=self.top_k, filters=self.filters, diversity=self.diversity,
            discover_new=self.discover_new,
        )  # fmt: skip
