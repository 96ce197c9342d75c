"""The gates that compare a model with another: the gain in NDCG@10 by a paired bootstrap over investors.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13. `better` asks that the gain stays above 0 in
the given share of the resamples, `not_worse` only that it is not below 0 in nearly all of them. Under FEW_USERS test
investors resampling says nothing: the gate then goes by the plain mean, and says so. `no_slice_worse` asks the same of
each part of the investors, but of the live model alone and with a margin: docs/decisions/0006.
"""

from collections.abc import Mapping

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.evaluation.bootstrap import FEW_USERS, resampled_means, resamples
from portfolio_twin.evaluation.gating.gates import Gate, compare

BETTER_THAN_POPULARITY = 0.95  # share of resamples: without personalisation there is no twin
BETTER_THAN_CONTENT = 0.80  # a draw with content-kNN does no harm, so less certainty will do
WORSE_THAN_LIVE = 0.95  # only this certain of a loss keeps a fresher model out
SLICE_LOSS = 0.05  # of NDCG@10, what a slice may lose


def better(ours: Floats, theirs: Floats, rival: str, certainty: float) -> Gate:
    """NDCG@10 per investor (u,) of both. The limit is the gain that noise alone could make at this certainty."""
    look_at = f"whether the twin adds anything to {rival}: the slices in report.html, the number of interactions"
    return _gain(ours, theirs, rival, quantile=1 - certainty, look_at=look_at)


def not_worse(ours: Floats, theirs: Floats, rival: str, certainty: float) -> Gate:
    """As `better`, but only a loss that is certain fails; the limit is the greatest loss that noise could make."""
    look_at = "what changed since: the drift in the data check, the settings, the two reports side by side"
    return _gain(ours, theirs, rival, quantile=certainty, look_at=look_at)


def no_slice_worse(slices: Mapping[str, tuple[Floats, Floats]]) -> Gate:
    """NDCG@10 per investor (u,) of the new and the live model, by slice; none may surely lose more than SLICE_LOSS.

    The value is the 95 % upper bound of the gain on the slice where it is lowest. Slices under FEW_USERS do not count.
    """
    large = {name: pair for name, pair in slices.items() if len(pair[0]) >= FEW_USERS}
    if not large:
        return Gate(None, -SLICE_LOSS, True, f"undecided: no slice has {FEW_USERS} investors to ask both models about")
    at_best = {name: float(np.quantile(bootstrap_gains(*pair), WORSE_THAN_LIVE)) for name, pair in large.items()}
    worst = min(at_best, key=lambda name: at_best[name])
    ours, theirs = large[worst]
    evidence = (
        f"lowest of {len(large)} slices: {worst}, NDCG@10 {ours.mean():.3f} against {theirs.mean():.3f} "
        f"of the live model on {len(ours)} investors"
    )
    passed = at_best[worst] >= -SLICE_LOSS
    look_at = f"look at {worst} in the slices of both report.html: what these investors or properties have in common"
    return Gate(at_best[worst], -SLICE_LOSS, passed, evidence if passed else f"{evidence}; {look_at}")


def no_live_model() -> Gate:
    return Gate(None, -SLICE_LOSS, True, "no other live model to compare with")


def bootstrap_gains(ours: Floats, theirs: Floats) -> Floats:
    """(RESAMPLES,) mean gain over investors drawn with replacement, both models on the same draw."""
    return resampled_means(resamples(len(ours)), ours - theirs)


def not_comparable(why: str) -> Gate:
    """There is a live model, but no fair comparison with it: that must not keep every new model out."""
    return Gate(None, 0.0, True, f"undecided: {why}")


def _gain(ours: Floats, theirs: Floats, rival: str, *, quantile: float, look_at: str) -> Gate:
    if len(ours) == 0 or not np.isfinite(ours - theirs).all():
        return compare(None, 0.0, False, f"no test investor to compare with {rival} on: more deals and likes")
    gain = float((ours - theirs).mean())
    evidence = f"NDCG@10 {ours.mean():.3f} against {theirs.mean():.3f} of {rival} on {len(ours)} investors"
    strict = quantile < 0.5
    if len(ours) < FEW_USERS:
        passed = gain > 0 if strict else gain >= 0
        return Gate(gain, 0.0, passed, f"undecided, so few investors: by the plain mean; {evidence}")
    limit = gain - float(np.quantile(bootstrap_gains(ours, theirs), quantile))
    passed = gain > limit if strict else gain >= limit
    return Gate(gain, limit, passed, evidence if passed else f"{evidence}; look at {look_at}")
