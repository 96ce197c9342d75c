"""The gates a model must pass before it may serve: each a figure, its limit, and what to look at when it fails.

Against a rival the gain in NDCG@10 is judged by a paired bootstrap over investors (Efron and Tibshirani, "An
Introduction to the Bootstrap", 1993, ch. 13): `better` asks that the gain stays above 0 in the given share of the
resamples, `not_worse` only that it is not below 0 in nearly all of them. Under FEW_USERS test investors resampling
says nothing: the gate then goes by the plain mean, and says so.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.metrics import ece

F1_LIMIT = 0.6
ACCURACY_LIMIT = 0.7
ECE_LIMIT = 0.10
BETTER_THAN_POPULARITY = 0.95  # share of resamples: without personalisation there is no twin
BETTER_THAN_CONTENT = 0.80  # a draw with content-kNN does no harm, so less certainty will do
WORSE_THAN_LIVE = 0.95  # only this certain of a loss keeps a fresher model out
FEW_USERS = 20
UNIT_TOLERANCE = 1e-3
RANK_LIMIT = 2.0  # of 16: below, the properties lie on a line
LOOKALIKE_LIMIT = 0.8
RESAMPLES = 2000
CHANCE_DRAWS = 200
SEED = 20_261_121  # the verdict on the same figures must not change from run to run

Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Gate:
    """One line of the table. `value` is None where it could not be measured."""

    value: float | None
    limit: float
    passed: bool
    note: str

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def at_least(value: float | None, limit: float, look_at: str) -> Gate:
    return _compare(value, limit, value is not None and value >= limit, look_at)


def at_most(value: float | None, limit: float, look_at: str) -> Gate:
    return _compare(value, limit, value is not None and value <= limit, look_at)


def f1(value: float | None) -> Gate:
    return at_least(value, F1_LIMIT, "the confusion matrix and the ROC curve in report.html")


def accuracy(value: float | None) -> Gate:
    return at_least(value, ACCURACY_LIMIT, "the confusion matrix in report.html: which side of 0.5 goes wrong")


def calibration(found: float | None, chance: float = 0.0) -> Gate:
    """The ECE; `chance` is what perfect probabilities would show on as few test pairs: the limit is not below it."""
    gate = at_most(found, max(ECE_LIMIT, chance), "the reliability curve in report.html, and how many validation pairs")
    if gate.passed and chance > ECE_LIMIT:
        return Gate(gate.value, gate.limit, True, f"undecided: chance alone makes {chance:.2f} on so few test pairs")
    return gate


def chance_ece(probabilities: Floats) -> float:
    """The ECE that these probabilities (p,) would show in 1 test of 20 if they were exactly right."""
    if len(probabilities) == 0:
        return 0.0
    rng = np.random.default_rng(SEED)
    draws = (rng.random(len(probabilities)) < probabilities for _ in range(CHANCE_DRAWS))
    return float(np.quantile([ece(draw, probabilities) for draw in draws], 0.95))


def finite(non_finite: Sequence[str]) -> Gate:
    """From the names of all that holds a NaN or an Inf."""
    note = f"not finite: {', '.join(non_finite[:10])}; lower the learning rate, check the data" if non_finite else ""
    return Gate(float(len(non_finite)), 0.0, not non_finite, note)


def loss_decreased(losses: Sequence[float]) -> Gate:
    """Last training loss over the first: below 1. One epoch, or none recorded, cannot show it."""
    look_at = "the loss curve in training_curves.png: learning rate, epochs"
    if len(losses) < 2 or not all(math.isfinite(loss) for loss in losses) or losses[0] <= 0:
        return _compare(None, 1.0, False, f"{look_at}; training_history.json holds no two finite losses")
    ratio = losses[-1] / losses[0]
    return _compare(ratio, 1.0, ratio < 1.0, look_at)


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


def unit_norm(deviation: float) -> Gate:
    """The greatest | ‖v‖ − 1 |."""
    return at_most(deviation, UNIT_TOLERANCE, "the last layer of the tower: a property whose output is all zero")


def embedding_rank(rank: float, n: int, collapsed: int) -> Gate:
    """The effective rank of the vectors of `n` properties; two properties span no more than one direction."""
    gate = at_least(
        rank, min(RANK_LIMIT, 0.9 * max(n - 1, 0)), "whether the inputs vary at all, the t-SNE in report.html"
    )
    return replace(gate, note=gate.note or f"{collapsed} directions hold nothing") if collapsed else gate


def lookalike(sanity: float, n: int) -> Gate:
    """The share of properties whose look-alikes are nearer than usual by their features."""
    if n < 3:
        return Gate(None, LOOKALIKE_LIMIT, True, f"undecided: {n} properties have no look-alikes to compare")
    return at_least(sanity, LOOKALIKE_LIMIT, "the inputs that vary: few columns, or one that drowns the others")


def verdict(gates: Mapping[str, Gate]) -> list[str]:
    """The reasons for a rejection, one per failed gate; none means passed."""
    return [f"{name}: {gate.note}" for name, gate in gates.items() if not gate.passed]


def _gain(ours: Floats, theirs: Floats, rival: str, quantile: float, look_at: str) -> Gate:
    if len(ours) == 0 or not np.isfinite(ours - theirs).all():
        return _compare(None, 0.0, False, f"no test investor to compare with {rival} on: more deals and likes")
    gain = float((ours - theirs).mean())
    evidence = f"NDCG@10 {ours.mean():.3f} against {theirs.mean():.3f} of {rival} on {len(ours)} investors"
    strict = quantile < 0.5
    if len(ours) < FEW_USERS:
        passed = gain > 0 if strict else gain >= 0
        return Gate(gain, 0.0, passed, f"undecided, so few investors: by the plain mean; {evidence}")
    limit = gain - float(np.quantile(bootstrap_gains(ours, theirs), quantile))
    passed = gain > limit if strict else gain >= limit
    return Gate(gain, limit, passed, evidence if passed else f"{evidence}; look at {look_at}")


def _compare(value: float | None, limit: float, passed: bool, look_at: str) -> Gate:
    if value is None or not math.isfinite(value):
        return Gate(None, limit, False, f"not measured; look at {look_at}")
    return Gate(float(value), limit, passed, "" if passed else f"{value:.4g}, limit {limit:.4g}; look at {look_at}")
