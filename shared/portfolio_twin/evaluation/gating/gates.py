"""The gates a model must pass before it may serve: each a figure, its limit, and what to look at when it fails.

`comparison_gates.py` has those that compare it with another model.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from portfolio_twin.model.encoder import UNIT_TOLERANCE

F1_LIMIT = 0.6
ACCURACY_LIMIT = 0.7
ECE_LIMIT = 0.10
RANK_LIMIT = 2.0  # of 16: below, the properties lie on a line
LOOKALIKE_LIMIT = 0.8
# Two trainings of the same data by other random numbers share .90 of the first ten and move affinities by .02 (a
# simulated market); live and tested ones .83 to .89, and .02. Half of that, and five times that, is another model.
OVERLAP_LIMIT = 0.5
MOVED_LIMIT = 0.1


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
    return compare(value, limit, value is not None and value >= limit, look_at)


def at_most(value: float | None, limit: float, look_at: str) -> Gate:
    return compare(value, limit, value is not None and value <= limit, look_at)


def f1(value: float | None) -> Gate:
    return at_least(value, F1_LIMIT, "the confusion matrix and the ROC curve in report.html")


def accuracy(value: float | None) -> Gate:
    return at_least(value, ACCURACY_LIMIT, "the confusion matrix in report.html: which side of 0.5 goes wrong")


def calibration(ece: float | None, chance: float = 0.0) -> Gate:
    """The ECE; `chance` is what perfect probabilities would show on as few test pairs: the limit is not below it."""
    gate = at_most(ece, max(ECE_LIMIT, chance), "the reliability curve in report.html, and how many validation pairs")
    if gate.passed and chance > ECE_LIMIT:
        return Gate(gate.value, gate.limit, True, f"undecided: chance alone makes {chance:.2f} on so few test pairs")
    return gate


def finite(non_finite: Sequence[str]) -> Gate:
    """From the names of all that holds a NaN or an Inf."""
    note = f"not finite: {', '.join(non_finite[:10])}; lower the learning rate, check the data" if non_finite else ""
    return Gate(float(len(non_finite)), 0.0, not non_finite, note)


def loss_decreased(learnings: Sequence[Sequence[float]]) -> Gate:
    """Last training loss over the first, the worst of the learnings: below 1. One epoch, or none, cannot show it."""
    look_at = "the loss curve in training_curves.png: learning rate, epochs"
    if not learnings or any(not _comparable(losses) for losses in learnings):
        return compare(None, 1.0, False, f"{look_at}; training_history.json holds no two finite losses")
    ratio = max(losses[-1] / losses[0] for losses in learnings)
    return compare(ratio, 1.0, ratio < 1.0, look_at)


def _comparable(losses: Sequence[float]) -> bool:
    return len(losses) >= 2 and all(math.isfinite(loss) for loss in losses) and losses[0] > 0


def live_like_tested(overlap: float, moved: float) -> Gate:
    """`Agreement` of the model that goes live with the one that was tested; NaN where there is nothing to ask."""
    if math.isnan(overlap):
        return Gate(None, OVERLAP_LIMIT, True, "undecided: no investor has done enough to ask both models about")
    note = f"of the first ten {overlap:.2f} are the same, affinities moved by {moved:.3f} (at most {MOVED_LIMIT})"
    passed = overlap >= OVERLAP_LIMIT and moved <= MOVED_LIMIT
    look_at = "; look at training_history.json: the losses of what was learnt again"
    return Gate(overlap, OVERLAP_LIMIT, passed, note if passed else note + look_at)


def unit_norm(deviation: float) -> Gate:
    """The greatest | ‖v‖ − 1 |."""
    return at_most(deviation, UNIT_TOLERANCE, "the last layer of the tower: a property whose output is all zero")


def embedding_rank(rank: float, n: int, dimensions: int, collapsed: int) -> Gate:
    """The effective rank of the vectors of `n` properties; two properties span no more than one direction."""
    gate = at_least(
        rank, min(RANK_LIMIT, 0.9 * max(n - 1, 0)), "whether the inputs vary at all, the t-SNE in report.html"
    )
    ranks = f"effective rank {rank:.1f} of {dimensions} dimensions, {collapsed} collapsed"
    return replace(gate, note=f"{ranks}; {gate.note}" if gate.note else ranks)


def lookalike(sanity: float, n: int) -> Gate:
    """The share of properties whose look-alikes are nearer than usual by their features."""
    if n < 3:
        return Gate(None, LOOKALIKE_LIMIT, True, f"undecided: {n} properties have no look-alikes to compare")
    return at_least(sanity, LOOKALIKE_LIMIT, "the inputs that vary: few columns, or one that drowns the others")


def verdict(gates: Mapping[str, Gate]) -> list[str]:
    """The reasons for a rejection, one per failed gate; none means passed."""
    return [f"{name}: {gate.note}" for name, gate in gates.items() if not gate.passed]


def compare(value: float | None, limit: float, passed: bool, look_at: str) -> Gate:
    if value is None or not math.isfinite(value):
        return Gate(None, limit, False, f"not measured; look at {look_at}")
    return Gate(float(value), limit, passed, "" if passed else f"{value:.4g}, limit {limit:.4g}; look at {look_at}")
