"""What the whole of an investor's dealings with a property says: one telling kind, and its weight."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Columns, Matrix, Numbers
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS, KINDS


@dataclass(frozen=True)
class Evidence(Columns):
    """One line per investor and property: what the whole of their dealings says. In the order of (user, last time)."""

    users: Numbers  # (k,)
    properties: Numbers  # (k,) rows of the catalogue
    kinds: npt.NDArray[np.int8]  # (k,) the telling kind
    weights: Matrix  # (k,) KIND_WEIGHTS of that kind
    times: Numbers  # (k,) of the last interaction


def gather_evidence(users: Numbers, properties: Numbers, kinds: npt.NDArray[np.int8], times: Numbers) -> Evidence:
    """Reduces interactions, each array (m,), to one telling kind per investor and property.

    The last thumb decides between for and against: a dislike that no later like takes back tells all; otherwise
    the strongest kind among the others tells.
    """
    strength = np.array([KIND_WEIGHTS[kind] for kind in KINDS], dtype=np.float32)
    order = np.lexsort((times, properties, users))
    u, p, k, t = users[order], properties[order], kinds[order], times[order]
    if len(u) == 0:
        return Evidence(users=u, properties=p, kinds=k, weights=strength[k], times=t)
    starts = np.flatnonzero(np.r_[True, (u[1:] != u[:-1]) | (p[1:] != p[:-1])])
    group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(u)]))

    thumb = (k == KIND_CODE["like"]) | (k == KIND_CODE["dislike"])
    last_thumb = np.maximum.reduceat(np.where(thumb, np.arange(len(u)), -1), starts)
    disliked = (last_thumb >= 0) & (k[last_thumb] == KIND_CODE["dislike"])

    kind_of_rank = np.argsort(strength, kind="stable")
    rank_of_kind = np.argsort(kind_of_rank, kind="stable")
    ranks = np.where(disliked[group] == (k == KIND_CODE["dislike"]), rank_of_kind[k], -1)
    telling = kind_of_rank[np.maximum.reduceat(ranks, starts)].astype(np.int8)
    last = np.maximum.reduceat(t, starts)
    by_user_then_time = np.lexsort((last, u[starts]))
    chosen = starts[by_user_then_time]
    telling, last = telling[by_user_then_time], last[by_user_then_time]
    return Evidence(users=u[chosen], properties=p[chosen], kinds=telling, weights=strength[telling], times=last)
