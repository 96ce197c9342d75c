"""A tenant's interactions, a few at a time, append-only: one fact for each idempotency key."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text

from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.tables import interactions, users
from portfolio_twin.domain.interactions import Interaction, event_id
from portfolio_twin.errors import IdempotencyConflict, NotFound

ADD_INTERACTIONS = text("""
with given as (
    select cast(:tenant_id as uuid) as tenant_id, i.* from jsonb_to_recordset(cast(:items as jsonb)) as i (
        event_id uuid, user_id bigint, property_id text, kind text, occurred_at timestamptz, because text[],
        idempotency_key text)
), listed as (
    select given.* from given join properties using (tenant_id, property_id)
), investors as (
    insert into users (tenant_id, user_id) select distinct tenant_id, user_id from listed order by user_id
    on conflict do nothing
), stored as (
    insert into interactions (tenant_id, event_id, user_id, property_id, kind, occurred_at, because, idempotency_key)
    select tenant_id, event_id, user_id, property_id, kind, occurred_at, because, idempotency_key
    from listed order by event_id
    on conflict do nothing
    returning event_id
)
select event_id, event_id in (select event_id from stored) as stored from listed
""")

STATED_REASONS = text("""
select distinct on (user_id, property_id, kind) user_id, property_id, kind, because
from interactions i
where user_id = any(:users) and because <> '{}' and not (kind in ('like', 'dislike') and exists (
    select from interactions c
    where (c.user_id, c.property_id, c.kind) = (i.user_id, i.property_id, 'clear') and c.occurred_at >= i.occurred_at
))
order by user_id, property_id, kind, occurred_at desc, event_id
""")

LOCK_INVESTORS = text("""
select pg_advisory_xact_lock(hashtextextended(cast(:tenant_id as text) || user_id, 0))
from unnest(cast(:users as bigint[])) as given (user_id)
""")

ERASE_INVESTOR = text("select app.erase_investor(:user_id)")
WHOSE = ("tenant_id", "user_id")


StatedReasons = Mapping[tuple[int, str, str], Sequence[str]]  # by investor, property and kind


class Recorded(NamedTuple):
    """How an interaction was taken, and when it happened according to what is stored."""

    status: Literal["stored", "replayed"]
    occurred_at: datetime


class InteractionRepository:
    """Append-only: what happened stays, until the investor is erased."""

    def __init__(self, session: TenantSession) -> None:
        self._session = session

    def add(self, interaction: Interaction, *, timed: bool = True) -> Recorded:
        """As `add_all`, for one; raises what that gives as values."""
        outcome = self.add_all([interaction], timed=timed)[0]
        if isinstance(outcome, Recorded):
            return outcome
        raise outcome

    def add_all(
        self, given: Sequence[Interaction], *, timed: bool = True
    ) -> list[Recorded | IdempotencyConflict | NotFound]:
        """Stores what is new, investors included; one outcome each, in order.

        Timed: `occurred_at` came with the request, so another one under the same key is another body.
        """
        ids = [event_id(item, timed=timed) for item in given]
        first_of = dict(zip(reversed(ids), reversed(given), strict=True))
        stored = self._insert(first_of)
        earlier = self._stored({key for key, fresh in stored.items() if not fresh})
        outcomes: list[Recorded | IdempotencyConflict | NotFound] = []
        for key, item in zip(ids, given, strict=True):
            if key not in stored:
                outcomes.append(NotFound("no such property"))
                continue
            fact = earlier.get(key, first_of[key])
            fresh, stored[key] = stored[key], False  # the second of two in one request is a replay of the first
            outcomes.append(_outcome(item, fact, fresh=fresh, timed=timed))
        return outcomes

    def stated_reasons(self, user_ids: Collection[int]) -> StatedReasons:
        """What of each property decided it, where these investors said so: the last time, of what stands."""
        rows = self._session.execute(STATED_REASONS, {"users": sorted(user_ids)})
        return {(row.user_id, row.property_id, row.kind): row.because for row in rows}

    def lock_investors(self, user_ids: Collection[int]) -> None:
        """Until the session ends nobody else gets past this line for any of them."""
        values = {"tenant_id": str(self._session.tenant_id), "users": sorted(user_ids)}
        self._session.execute(LOCK_INVESTORS, values)

    def known_since(self, user_id: int) -> datetime:
        """Raises NotFound for an investor who is not known."""
        query = select(users.c.created_at).where(users.c.user_id == user_id)
        since: datetime | None = self._session.execute(query).scalar_one_or_none()
        if since is None:
            raise NotFound("no such investor")
        return since

    def of_investor(self, user_id: int, after: UUID | None, at_most: int) -> list[dict[str, Any]]:
        """All that is stored of what one did, by event id, after one of them."""
        columns = [column for column in interactions.c if column.name not in WHOSE]
        query = select(*columns).where(interactions.c.user_id == user_id)
        if after is not None:
            query = query.where(interactions.c.event_id > after)
        rows = self._session.execute(query.order_by(interactions.c.event_id).limit(at_most)).mappings()
        return [dict(row) for row in rows]

    def erase_investor(self, user_id: int) -> tuple[int, list[str]]:
        """How many interactions went with the investor, and which properties they were about; raises NotFound."""
        self.lock_investors([user_id])  # a feedback under way ends before, or is of a new investor
        query = select(interactions.c.property_id).where(interactions.c.user_id == user_id).distinct()
        property_ids = sorted(self._session.execute(query).scalars())
        erased: int | None = self._session.execute(ERASE_INVESTOR, {"user_id": user_id}).scalar_one()
        if erased is None:
            raise NotFound("no such investor")
        return erased, property_ids

    def count(self) -> int:
        return int(self._session.execute(select(func.count()).select_from(interactions)).scalar_one())

    def _insert(self, events: Mapping[UUID, Interaction]) -> dict[UUID, bool]:
        """Events whose property is stored, and whether they are new."""
        items = [item.model_dump(mode="json") | {"event_id": str(key)} for key, item in events.items()]
        values = {"tenant_id": self._session.tenant_id, "items": json.dumps(items)}
        return {row.event_id: row.stored for row in self._session.execute(ADD_INTERACTIONS, values)}

    def _stored(self, event_ids: Collection[UUID]) -> dict[UUID, Interaction]:
        if not event_ids:
            return {}
        columns = [interactions.c[name] for name in ("event_id", *Interaction.model_fields)]
        query = select(*columns).where(interactions.c.event_id == func.any(list(event_ids)))
        rows = self._session.execute(query).mappings()
        return {row["event_id"]: Interaction.model_construct(**row) for row in rows}


def _outcome(item: Interaction, fact: Interaction, *, fresh: bool, timed: bool) -> Recorded | IdempotencyConflict:
    said, stored = ((each.user_id, each.property_id, each.kind, each.because) for each in (item, fact))
    same = said == stored
    if item.idempotency_key is not None and timed:
        same = same and item.occurred_at == fact.occurred_at
    if not same:
        return IdempotencyConflict("this idempotency key was used for another body")
    return Recorded("stored" if fresh else "replayed", fact.occurred_at)
