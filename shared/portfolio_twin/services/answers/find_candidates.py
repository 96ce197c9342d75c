"""Retrieval: a few hundred properties near to the investor, or to something that they did of late."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from portfolio_twin.adapters.qdrant.points import PropertyHit
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.criteria import Narrowing
from portfolio_twin.domain.interactions import KIND_WEIGHTS
from portfolio_twin.services.answers.know_investor import Dealing

if TYPE_CHECKING:
    from portfolio_twin.adapters.qdrant.index import TenantIndex

CANDIDATES = 200  # ranked at most
RECENT = 5  # properties of the investor that are asked about beside their vector
PER_QUERY = 100  # of each, where there are several


def find_candidates(
    index: "TenantIndex", target: Matrix, history: Sequence[Dealing], narrowing: Narrowing
) -> list[PropertyHit]:
    """The properties nearest to target (d,), and to each of the recent ones that the history speaks for.

    Where the caller names the candidates, all of them that the narrowing lets through.
    """
    if narrowing.only is not None:
        return index.search(target.astype(np.float32), limit=len(narrowing.only), narrowing=narrowing)
    wanted = [each.property.vector for each in history if KIND_WEIGHTS[each.kind] > 0]
    near = [vector for vector in wanted if vector is not None][:RECENT]
    if not near:
        return index.search(target.astype(np.float32), limit=CANDIDATES, narrowing=narrowing)
    lists = index.nearest(np.stack([target, *near]).astype(np.float32), limit=PER_QUERY, narrowing=narrowing)
    return index.take(merge(lists, CANDIDATES))


def merge(lists: Sequence[Sequence[str]], limit: int) -> list[str]:
    """Each once: the best half from the first list, then by turns from all."""
    first, rest = lists[0][: limit // 2], [lists[0][limit // 2 :], *lists[1:]]
    by_turns = (name for turn in zip_longest(*rest) for name in turn if name is not None)
    return list(dict.fromkeys([*first, *by_turns]))[:limit]
