"""Investors as the index keeps them: one computation, whether for one who just acted or for all of a tenant."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from portfolio_twin.adapters.postgres.copy_reads import copy_log
from portfolio_twin.adapters.postgres.database import TenantSession
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository, StatedReasons
from portfolio_twin.adapters.qdrant.points import PropertyHit, UserPoint
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.evidence import Evidence
from portfolio_twin.domain.interactions import KIND_CODE, KINDS, Event, InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import Past
from portfolio_twin.model.twin import Twin

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

NONE_STATED: StatedReasons = {}
Stored = Callable[[Sequence[str]], Mapping[str, PropertyHit]]


def refresh_twins(tenant: Tenant, twin: Twin, session: TenantSession, users: Collection[int]) -> None:
    """These investors computed anew from all that they did; raises Unavailable.

    They are locked meanwhile: of two feedbacks at once, the one that read less must not write last.
    """
    InteractionRepository(session).lock_investors(users)
    index_investors(tenant.index(twin.version), twin, session, users)


def index_investors(index: "TenantIndex", twin: Twin, session: TenantSession, users: Collection[int]) -> int:
    """How many of them did something that counts; who took all of it back is again as one who has done nothing."""
    log = copy_log(session, users=users)
    because = InteractionRepository(session).stated_reasons(users)
    points = user_points(twin, log, index.get_properties, because)
    index.upsert_users(points)
    index.delete_users(set(users) - {point.user_id for point in points})
    return len(points)


def user_points(
    twin: Twin, log: InteractionLog, stored: Stored, because: StatedReasons = NONE_STATED
) -> list[UserPoint]:
    """One point per investor of the log. `stored` gives every property that is indexed.

    A property that is not (it has gone) is in no history and in no vector, but stays among those acted on; so does one
    from before a change of taste.
    """
    ids = list(dict.fromkeys(log.properties.tolist()))
    evidence = Dataset(Catalogue(np.array(ids, dtype=object), {}), log).evidence
    users, whose = np.unique(evidence.users, return_inverse=True)  # (q,), (k,)
    evidence = replace(evidence, users=whose)
    X, indexed = _features(twin, ids, stored(ids))
    vectors = twin.encoder(X)
    histories = Histories.from_evidence(evidence.take(indexed[evidence.properties]), len(users))
    present = twin.present(histories, vectors)
    pooled, weight = present.pool(vectors, twin.market_taste), present.evidence  # (q, d), (q,)
    counts = np.zeros((len(users), len(KINDS)), dtype=np.int64)
    np.add.at(counts, (present.owners, present.kinds), 1)
    events, rows = _events(present, users, ids, because), twin.rows_of(ids)
    acted_on = _acted_on(evidence, ids, len(users))

    def point(i: int) -> UserPoint:
        mine, left_out = present.entries_of(i), twin.rows_of(acted_on[i])
        owned = present.properties[mine]
        past = Past(X[owned], present.weights[mine], rows[owned], twin.learnt_until)
        return UserPoint(
            user_id=int(users[i]),
            vector=pooled[i],
            log_mean=twin.taste(pooled[i], float(weight[i]), left_out).log_mean,
            normaliser=twin.normaliser(past, left_out),
            evidence=_by_kind(counts[i]),
            history=tuple(events[i]),
            acted_on=tuple(acted_on[i]),
        )

    return [point(i) for i in range(len(users))]


def _features(twin: Twin, ids: Sequence[str], indexed: Mapping[str, PropertyHit]) -> tuple[Matrix, Mask]:
    """(n, w), those of nothing where a property is not indexed, and the mask (n,) of those that are."""
    payloads = [indexed[name].payload if name in indexed else {} for name in ids]
    X = twin.schema.vectorise(Catalogue.from_rows(ids, payloads))
    return X, np.array([name in indexed for name in ids], dtype=bool)


def _events(histories: Histories, users: Numbers, ids: Sequence[str], because: StatedReasons) -> list[list[Event]]:
    """Per investor, the newest first."""
    events: list[list[Event]] = [[] for _ in range(histories.count)]
    columns = (histories.owners, histories.properties, histories.kinds, histories.times)
    for investor, row, kind, time in zip(*(column[::-1].tolist() for column in columns), strict=True):
        said = because.get((int(users[investor]), ids[row], KINDS[kind]), ())
        events[investor].append(Event(ids[row], KINDS[kind], time, tuple(said)))
    return events


def _acted_on(evidence: Evidence, ids: Sequence[str], users: int) -> list[list[str]]:
    """Per investor the properties never to be recommended again: those with more than a view."""
    acted = evidence.kinds != KIND_CODE["view"]  # a view tells only where there is nothing stronger
    properties: list[list[str]] = [[] for _ in range(users)]
    for investor, row in zip(evidence.users[acted].tolist(), evidence.properties[acted].tolist(), strict=True):
        properties[investor].append(ids[row])
    return properties


def _by_kind(counts: Numbers) -> dict[str, int]:
    return {kind: count for kind, count in zip(KINDS, counts.tolist(), strict=True) if count}
