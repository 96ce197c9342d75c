"""Where each target stands, and what that comes to: means over investors with their standard errors."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, Candidates, rank_targets

CUT = 10
DEEP_CUT = 100
RESAMPLES = 1_000
SEED = 0
FIGURES = ("hr_at_10", "ndcg_at_10", "mrr", "hr_at_100")

PerUser = npt.NDArray[np.float64]  # (q,)


def place(answer: Answer, queries: Queries, n: int, candidates: Mask | Candidates | None = None) -> Numbers:
    """(q,) the rank of each target from 0, by the product's own rule: history left out, ties to the middle place."""
    among = (lambda _: candidates) if isinstance(candidates, np.ndarray) else candidates
    return rank_targets(answer(queries), queries, n, among)


def per_user(ranks: Numbers) -> dict[str, PerUser]:
    """Each figure for each investor, (q,), from ranks (q,) or (seeds, q): the mean over the seeds."""
    seeds = np.atleast_2d(ranks)
    one = np.ones(seeds.shape[1])
    by_seed = []
    for row in seeds:
        relevance = row[:, None] == np.arange(DEEP_CUT)
        by_seed.append((
            metrics.hit_rate_at(CUT, relevance), metrics.ndcg_at(CUT, relevance, one), metrics.reciprocal_rank(row),
            metrics.hit_rate_at(DEEP_CUT, relevance),
        ))  # fmt: skip
    return dict(zip(FIGURES, np.mean(by_seed, axis=0), strict=True))


def mean_and_error(values: PerUser) -> dict[str, float]:
    """The mean, and its standard error by the bootstrap over investors. Efron and Tibshirani (1993), ch. 6."""
    if len(values) == 0:
        return {"mean": float("nan"), "se": float("nan")}
    drawn = np.random.default_rng(SEED).integers(len(values), size=(RESAMPLES, len(values)), dtype=np.int32)
    return {"mean": float(values.mean()), "se": float(values[drawn].mean(axis=1).std(ddof=1))}


def figures(ranks: Numbers, rows: Mask | None = None) -> dict[str, dict[str, float]]:
    """Each of FIGURES as {mean, se}, of all investors or of those in `rows` (q,)."""
    return {name: mean_and_error(values if rows is None else values[rows]) for name, values in per_user(ranks).items()}


def group(ranks: Mapping[str, Numbers], rows: Mask | None = None) -> dict[str, Any]:
    """How many investors these are, all or those in `rows` (q,), and the figures of every model on them."""
    users = len(next(iter(ranks.values()), ())) if rows is None else int(rows.sum())
    return {"users": users, "models": {name: figures(each, rows) for name, each in ranks.items()}}


def gain(ours: Numbers, theirs: Numbers) -> dict[str, float]:
    """Ours minus theirs, investor by investor, with the standard error of that mean."""
    mine, other = per_user(ours), per_user(theirs)
    hr, ndcg = (mean_and_error(mine[name] - other[name]) for name in ("hr_at_10", "ndcg_at_10"))
    return {"hr_gain": hr["mean"], "se": hr["se"], "ndcg_gain": ndcg["mean"], "ndcg_se": ndcg["se"]}
