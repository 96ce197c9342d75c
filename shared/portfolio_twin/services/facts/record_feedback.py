"""What an investor did, and what a property is now: stored as facts, and part of the very next answer."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, SkipValidation, TypeAdapter

from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository, Recorded
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.criteria import Strict
from portfolio_twin.domain.interactions import Because, Interaction, RecordedKind, UserId
from portfolio_twin.services.answers.validate_each import ItemError, validate_each
from portfolio_twin.services.facts.refresh import refresh

INTERACTIONS_LIMIT = 1_000
INTERACTIONS = TypeAdapter(list[Interaction])


class FeedbackRequest(Strict):
    user_id: UserId
    kind: RecordedKind = Field(description="clear takes this investor's thumbs for the property back")
    because: Because = Field([])


class Feedback(BaseModel):
    user_id: int
    property_id: str
    kind: RecordedKind
    because: list[str]
    occurred_at: datetime
    twin_updated: bool = Field(description="false: stored, and made good by the next reindex")


class InteractionsRequest(Strict):
    """Events from other systems; checked one by one, so that a bad one spoils no other."""

    interactions: Annotated[list[SkipValidation[Interaction | Any]], Field(min_length=1, max_length=INTERACTIONS_LIMIT)]


class InteractionResult(BaseModel):
    status: Literal["stored", "replayed"] | None = None
    error: ItemError | None = None


class InteractionsAnswer(BaseModel):
    results: list[InteractionResult]
    twin_updated: bool


def record_feedback(
    tenant: Tenant, property_id: str, request: FeedbackRequest, idempotency_key: str | None
) -> Feedback:
    """Raises NotFound for an unknown property, IdempotencyConflict for a key that was used for something else."""
    interaction = Interaction(
        user_id=request.user_id,
        property_id=property_id,
        kind=request.kind,
        occurred_at=datetime.now(UTC),
        because=request.because,
        idempotency_key=idempotency_key,
    )
    with tenant.session() as session:
        recorded = InteractionRepository(session).add(interaction, timed=False)
        session.commit()
    return Feedback(
        user_id=request.user_id,
        property_id=property_id,
        kind=request.kind,
        because=request.because,
        occurred_at=recorded.occurred_at,
        twin_updated=refresh(tenant, [request.user_id], [property_id]),
    )


def record_interactions(tenant: Tenant, request: InteractionsRequest) -> InteractionsAnswer:
    """One result or one error per item, in their order."""
    good, wrong = validate_each(INTERACTIONS, request.interactions)
    results = {position: _refused("InvalidInput", message) for position, message in wrong.items()}
    if good:
        with tenant.session() as session:
            outcomes = InteractionRepository(session).add_all(list(good.values()))
            session.commit()
        for position, outcome in zip(good, outcomes, strict=True):
            if isinstance(outcome, Recorded):
                results[position] = InteractionResult(status=outcome.status)
            else:
                results[position] = _refused(type(outcome).__name__, str(outcome))
    stored = [item for position, item in good.items() if results[position].error is None]
    users, properties = sorted({i.user_id for i in stored}), sorted({i.property_id for i in stored})
    return InteractionsAnswer(
        results=[results[position] for position in range(len(request.interactions))],
        twin_updated=bool(users) and refresh(tenant, users, properties),
    )


def _refused(code: str, message: str) -> InteractionResult:
    return InteractionResult(error=ItemError(code=code, message=message))
