"""What the tower learns from: each wanted property of an investor, to be found again from the others of theirs."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS, InteractionLog, gather_evidence
from portfolio_twin.domain.numbering import UNKNOWN, property_numbers
from portfolio_twin.evaluation.queries import Queries


@dataclass(frozen=True)
class Examples:
    """Padded matrices, so that a step is a few array operations. Places count the seen properties; s is the padding."""

    targets: Numbers  # (e,) places
    histories: Numbers  # (e, limit + 1) places, the last column always padding
    weights: Matrix  # (e, limit + 1) signed, 0 in the padding
    importance: Matrix  # (e,) KIND_WEIGHTS of the target's kind

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True)
class TrainingSet:
    """The examples and the properties that occur in them: what nobody touched can be no wrong answer."""

    examples: Examples
    X: Matrix  # (s, w) features of the properties seen
    seen: Numbers  # (s,) their numbers in the catalogue
    popularity: Matrix  # (s,) log1p of the investors who touched it, less its mean
    target_share: npt.NDArray[np.float64]  # (s,) of the examples, for drawing negatives


def training_set(
    log: InteractionLog,
    property_ids: npt.NDArray[np.object_],
    X: Matrix,
    target_kinds: tuple[str, ...],
    limit: int,
) -> TrainingSet:
    """Leave-one-out over all who touched another property beside; the history is up to `limit` of those.

    What came before the target in time comes first; an investor with too little before it lends later dealings.
    """
    numbers = property_numbers(property_ids, log.properties)
    known = numbers != UNKNOWN
    user_ids, users = np.unique(log.users[known], return_inverse=True)
    evidence = gather_evidence(users, numbers[known], log.kinds[known], log.times[known])
    seen, places = np.unique(evidence.properties, return_inverse=True)
    starts = np.searchsorted(evidence.users, np.arange(len(user_ids) + 1))
    begin, end = starts[evidence.users], starts[evidence.users + 1]
    wanted = np.isin(evidence.kinds, [KIND_CODE[kind] for kind in target_kinds])
    rows = np.flatnonzero(wanted & (end - begin > 1))
    first = np.maximum(np.minimum(rows - limit, end[rows] - limit - 1), begin[rows])
    window = first[:, None] + np.arange(limit + 1)  # one too many, for the target itself is among them
    outside = (window >= end[rows, None]) | (window == rows[:, None])
    window = np.where(outside, 0, window)
    histories = np.where(outside, len(seen), places[window])
    weights = np.where(outside, 0, evidence.weights[window]).astype(np.float32)
    padding = np.argsort(outside, axis=1, kind="stable")  # the target's own slot goes last
    counts = np.bincount(places[evidence.weights > 0], minlength=len(seen))
    popularity = np.log1p(counts).astype(np.float32)
    share = np.bincount(places[rows], minlength=len(seen)) / max(len(rows), 1)
    examples = Examples(
        places[rows],
        np.take_along_axis(histories, padding, axis=1),
        np.take_along_axis(weights, padding, axis=1),
        np.array([KIND_WEIGHTS[kind] for kind in KIND_CODE], dtype=np.float32)[evidence.kinds[rows]],
    )
    return TrainingSet(examples, X[seen], seen, popularity - popularity.mean(), share)


def validation_examples(queries: Queries, training: TrainingSet, limit: int) -> Examples:
    """The held-out targets in the same form, for the loss on validation: those whose property training has seen."""
    size = len(training.seen)
    place = np.full(max(int(training.seen.max(initial=-1)), int(queries.targets.max(initial=-1))) + 1, size)
    place[training.seen] = np.arange(size)
    history = queries.histories.recent(limit)
    history = history.take(
        (history.properties < len(place)) & (place[np.minimum(history.properties, len(place) - 1)] < size)
    )
    starts = np.append(0, np.cumsum(history.lengths))
    column = np.arange(len(history.rows)) - starts[history.rows]
    histories = np.full((len(queries.users), limit + 1), size)
    weights = np.zeros(histories.shape, dtype=np.float32)
    histories[history.rows, column] = place[history.properties]
    weights[history.rows, column] = history.weights
    kept = place[queries.targets] < size
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    return Examples(place[queries.targets[kept]], histories[kept], weights[kept], ones)
