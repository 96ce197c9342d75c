"""The first step: a few hundred properties near to the investor, or to something that they did of late."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from uuid import UUID

import numpy as np

from portfolio_twin.adapters.qdrant.index import PropertyHit, VectorIndex
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import Filters
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.domain.properties import PropertyId
from portfolio_twin.services.answers.know_investor import Investor

CANDIDATES = 200  # ranked at most
RECENT = 5  # properties of the investor that are asked about beside their vector
PER_QUERY = 100  # of each, where there are several

Stored = Mapping[str, PropertyHit]


def find_candidates(
    index: VectorIndex,
    tenant: UUID,
    version: str,
    target: Matrix,
    investor: Investor,
    known: Stored,
    filters: Filters | None,
    only: Sequence[PropertyId] | None,
) -> list[PropertyHit]:
    """Candidates that the investor has not acted on, in one round trip: `known` is what is stored of their history."""
    liked = [known[i].vector for i, kind, _ in investor.history if KIND_WEIGHTS[kind] > 0 and i in known]
    near = [vector for vector in liked if vector is not None][:RECENT]
    lists = index.search_many(
        tenant, version, np.stack([target, *near]).astype(np.float32), limit=PER_QUERY if near else CANDIDATES,
        filters=filters, exclude=investor.acted_on, only=only,
    )  # fmt: skip
    return merge(lists, CANDIDATES)


def merge(lists: Sequence[Sequence[PropertyHit]], limit: int) -> list[PropertyHit]:
    """Each property once: the best half from the first list, then by turns from all."""
    first, rest = lists[0][: limit // 2], [lists[0][limit // 2 :], *lists[1:]]
    by_turns = [hit for turn in zip_longest(*rest) for hit in turn if hit is not None]
    return list({hit.property_id: hit for hit in [*first, *by_turns]}.values())[:limit]
