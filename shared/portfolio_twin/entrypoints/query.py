"""Questions in a query string: every filter as a flat parameter, and no parameter that nobody reads."""

from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from portfolio_twin.domain.criteria import BuyBox, Filters
from portfolio_twin.domain.interactions import UserId
from portfolio_twin.domain.properties import ListingStatus, PropertyId, PropertyType, Text
from portfolio_twin.services.answers.recommend import (
    DISCOVER,
    EXPLAIN,
    Diversity,
    RecommendRequest,
    Skip,
    TopK,
)
from portfolio_twin.services.answers.validate_each import describe
from portfolio_twin.services.cursors import Cursor

REPEATED = 50  # times that a parameter may be given: an address of 10 kB is what API Gateway takes
AGAIN = "may be given again: any of them will do"
PLACE = ("lat", "lon", "radius_km")
SAME_IN_A_QUERY = ("user_id", "top_k", "cursor", "skip", "diversity", "discover_new", "explain")


class CursorQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cursor: UUID | None = Field(None, description="as the page before named it")


class TopKQuery(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    top_k: TopK = 10


class AudienceQuery(TopKQuery):
    exclude_acted: bool = Field(False, description="leave out who has acted on it already")


class FilterQuery(TopKQuery):
    """The fields of `Filters`, each range as two parameters; a place takes all of its three."""

    property_type: list[PropertyType] = Field([], description=AGAIN)
    zipcode: list[Text] = Field([], max_length=REPEATED, description=AGAIN)
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
            self.read()
        except ValidationError as error:
            raise ValueError(describe(error.errors())) from None
        return self

    def read(self) -> None:
        """Raises ValidationError for what is read only when it is asked for."""
        _ = self.filters

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
    cursor: Cursor | None = None
    skip: Skip = 0
    candidate_property_ids: list[PropertyId] = Field(
        [], max_length=REPEATED, description="may be given again: these alone are ranked; POST /recommend takes more"
    )
    buy_box: bool = Field(False, description="the filters are the investor's buy box: what is wanted, not only allowed")
    diversity: Diversity = 0.0
    discover_new: bool = Field(False, description=DISCOVER)
    explain: bool = Field(True, description=EXPLAIN)

    def read(self) -> None:
        if self.buy_box and not self.filters:
            raise ValueError("buy_box: state filters with it, which are then the buy box")
        _ = self.request

    @property
    def request(self) -> RecommendRequest:
        """As the body of POST /recommend."""
        stated = self.filters
        return RecommendRequest(
            **{name: getattr(self, name) for name in SAME_IN_A_QUERY},
            candidate_property_ids=self.candidate_property_ids or None,
            filters=None if self.buy_box else stated,
            buy_box=BuyBox(**dict(stated)) if self.buy_box and stated else None,
        )
