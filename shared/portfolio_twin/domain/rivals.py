"""The gates that compare a model with another: the gain in NDCG@10 by a paired bootstrap over investors.

Efron and Tibshirani, "An Introduction to the Bootstrap" (1993), ch. 13. `better` asks that the gain stays above 0 in
the given share of the resamples, `not_worse` only that it is not below 0 in nearly all of them. Under FEW_USERS test
investors resampling says nothing: the gate then goes by the plain mean, and says so.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.gates import SEED, Gate, compare

BETTER_THAN_POPULARITY = 0.95  # share of resamples: without personalisation there is no twin
BETTER_THAN_CONTENT = 0.80  # a draw with content-kNN does no harm, so less certainty will do
WORSE_THAN_LIVE = 0.95  # only this certain of a loss keeps a fresher model out
FEW_USERS = 20
RESAMPLES = 2000

Floats = npt.NDArray[np.floating[Any]]


def better(ours: Floats, theirs: Floats, rival: str, certainty: float) -> Gate:
    """NDCG@10 per investor (u,) of both. The limit is the gain that noise alone could make at this certainty."""
    look_at = f"whether the twin adds anything to {rival}: the slices in report.html, the number of interactions"
    return _gain(ours, theirs, rival, 1 - certainty, look_at)


def not_worse(ours: Floats, theirs: Floats, rival: str, certainty: float) -> Gate:
    """As `better`, but only a loss that is certain fails; the limit is the greatest loss that noise could make."""
    look_at = "what changed since: the drift in the data check, the settings, the two reports side by side"
    return _gain(ours, theirs, rival, certainty, look_at)


def bootstrap_gains(ours: Floats, theirs: Floats) -> Floats:
    """(RESAMPLES,) mean gain over investors drawn with replacement, both models on the same draw."""
    gains = ours - theirs
    drawn = np.random.default_rng(SEED).integers(len(gains), size=(RESAMPLES, len(gains)), dtype=np.int32)
    means: Floats = gains[drawn].mean(axis=1)
    return means


def not_comparable(why: str) -> Gate:
    """There is a live model, but no fair comparison with it: that must not keep every new model out."""
    return Gate(None, 0.0, True, f"undecided: {why}")


def _gain(ours: Floats, theirs: Floats, rival: str, quantile: float, look_at: str) -> Gate:
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
