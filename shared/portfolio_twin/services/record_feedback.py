"""What an investor did: stored as a fact, and taken into account from the next answer on."""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, TypeAdapter

from portfolio_twin.adapters.database import Database
from portfolio_twin.adapters.live_models import LiveModels
from portfolio_twin.adapters.repositories import InteractionRepository, PropertyRepository
from portfolio_twin.adapters.vector_index import VectorIndex
from portfolio_twin.domain.criteria import STRICT
from portfolio_twin.domain.interactions import Interaction, Kind, UserId
from portfolio_twin.errors import IdempotencyConflict, NotFound, Unavailable
from portfolio_twin.services.user_vectors import refresh_users
from portfolio_twin.services.validate_each import ItemError, validate_each

INTERACTIONS_LIMIT = 1_000


class FeedbackRequest(BaseModel):
    model_config = STRICT

    user_id: UserId
    kind: Kind


class Feedback(BaseModel):
    user_id: int
    property_id: str
    kind: Kind
    occurred_at: datetime
    twin_updated: bool = Field(description="false: stored, and taken into account by the next reindex at the latest")


class InteractionsRequest(BaseModel):
    """The items are checked one by one: a bad one gets an error in its place and spoils no other."""

    model_config = STRICT

    interactions: Annotated[list[Any], Field(min_length=1, max_length=INTERACTIONS_LIMIT)]


class InteractionResult(BaseModel):
    status: str | None = Field(None, description="stored, or replayed when it had been stored before")
    error: ItemError | None = None


class InteractionsAnswer(BaseModel):
    results: list[InteractionResult]
    twin_updated: bool
