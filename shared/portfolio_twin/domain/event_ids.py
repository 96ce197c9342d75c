"""The identity of an interaction: the same event, told twice, has the same id."""

from uuid import UUID, uuid4, uuid5

from portfolio_twin.domain.interactions import Interaction

KEYED = UUID("6f3c2e0a-6d3b-4b9e-9a53-6d0a5f1c7e01")  # two namespaces: a key never meets a natural one
NATURAL = UUID("0c9d8a54-0f3e-4a07-8f0e-2b7d54a9c602")


def event_id(interaction: Interaction, *, timed: bool) -> UUID:
    """By its idempotency key; else by its content. An event without key whose time is our own clock's is always new."""
    if interaction.idempotency_key is not None:
        return uuid5(KEYED, interaction.idempotency_key)
    if not timed:
        return uuid4()
    seconds = int(interaction.occurred_at.timestamp())
    return natural_event_id(interaction.user_id, interaction.property_id, interaction.kind, seconds)


def natural_event_id(user_id: int, property_id: str, kind: str, seconds: int) -> UUID:
    return uuid5(NATURAL, f"{user_id}\n{kind}\n{seconds}\n{property_id}")
