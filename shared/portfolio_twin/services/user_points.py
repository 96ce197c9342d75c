"""Investors as the index keeps them: one computation, whether for one who just acted or for all of a tenant."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np

from portfolio_twin.adapters.postgres.copy_reads import copy_log
from portfolio_twin.adapters.postgres.interaction_repository import InteractionRepository
from portfolio_twin.adapters.qdrant.points import UserPoint
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.arrays import Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.evidence import Evidence
from portfolio_twin.domain.interactions import KIND_CODE, KINDS, Event, InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.errors import Unavailable
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.twin import Twin

logger = logging.getLogger(__name__)

VectorsOf = Callable[[Sequence[str]], Mapping[str, Matrix]]


def refresh_twins(tenant: Tenant, users: Collection[int]) -> bool:
    """Feedback in the very next answer: whether the index now has it; what it misses, the next reindex makes good.

    The investors are computed anew from all that they did, and locked meanwhile: of two feedbacks at once, the one that
    read less must not write last.
    """
    try:
        twin = tenant.twin(fresh=True)
        index = tenant.index(twin.version)
        with tenant.session() as session:
            InteractionRepository(session).lock_investors(users)
            index.upsert_users(user_points(twin, copy_log(session, users=users), index.property_vectors))
    except Unavailable as error:
        logger.warning("stored but not yet in the twin: %s", error, extra={"tenant_id": str(tenant.tenant_id)})
        return False
    return True


def user_points(twin: Twin, log: InteractionLog, vectors_of: VectorsOf) -> list[UserPoint]:
    """One point per investor of the log. `vectors_of` gives the vector (d,) of every property that is indexed.

    A property that is not (it has gone) is in no history and in no vector, but stays among those acted on; so does one
    from before a change of taste.
    """
    ids = list(dict.fromkeys(log.properties.tolist()))
    evidence = Dataset(Catalogue(np.array(ids, dtype=object), {}), log).evidence
    users, whose = np.unique(evidence.users, return_inverse=True)  # (q,), (k,)
    evidence = replace(evidence, users=whose)
    vectors, indexed = _matrix(ids, vectors_of(ids), twin.config.embedding_dim)
    histories = Histories.from_evidence(evidence.take(indexed[evidence.properties]), len(users))
    present = twin.present(histories, vectors)
    pooled = present.pool(vectors, twin.market_taste)  # (q, d)
    counts = np.zeros((len(users), len(KINDS)), dtype=np.int64)
    np.add.at(counts, (present.owners, present.kinds), 1)
    events = _events(present, ids)
    acted_on = _acted_on(evidence, ids, len(users))
    return [
        UserPoint(user, pooled[i], _by_kind(counts[i]), tuple(events[i]), tuple(acted_on[i]))
        for i, user in enumerate(users.tolist())
    ]


def _matrix(ids: Sequence[str], indexed: Mapping[str, Matrix], d: int) -> tuple[Matrix, Mask]:
    """(n, d), zero where a property is not indexed, and the mask (n,) of those that are."""
    missing = np.zeros(d, dtype=np.float32)
    vectors = np.array([indexed.get(property_id, missing) for property_id in ids], dtype=np.float32).reshape(-1, d)
    return vectors, np.array([property_id in indexed for property_id in ids], dtype=bool)


def _events(histories: Histories, ids: Sequence[str]) -> list[list[Event]]:
    """Per investor, the newest first."""
    events: list[list[Event]] = [[] for _ in range(histories.count)]
    columns = (histories.owners, histories.properties, histories.kinds, histories.times)
    for investor, row, kind, time in zip(*(column[::-1].tolist() for column in columns), strict=True):
        events[investor].append(Event(ids[row], KINDS[kind], time))
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
