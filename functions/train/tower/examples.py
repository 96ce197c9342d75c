"""What the tower learns from: each wanted property of an investor, to be guessed from the others of theirs."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from portfolio_twin.domain.arrays import Mask, Matrix, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.evidence import Evidence
from portfolio_twin.domain.interactions import KIND_CODE, KIND_WEIGHTS, KINDS
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.config import TwinConfig


@dataclass(frozen=True)
class Examples:
    """Padded matrices, so that a step is a few array operations. Positions are those among the s properties seen; s
    itself is the padding.
    """

    targets: Numbers  # (e,) positions
    histories: Numbers  # (e, limit + 1) positions, the last column always padding
    weights: Matrix  # (e, limit + 1) signed, 0 in the padding
    importance: Matrix  # (e,) KIND_WEIGHTS of the target's kind

    def __len__(self) -> int:
        return len(self.targets)


class TrainingSet(NamedTuple):
    """The examples and the properties that occur in them: what nobody touched can be no wrong answer."""

    examples: Examples
    X: Matrix  # (s, w) features of the properties seen
    seen: Numbers  # (s,) their rows in the catalogue
    popularity: Matrix  # (s,) log1p of the investors who touched it, less its mean


def training_set(dataset: Dataset, X: Matrix, config: TwinConfig) -> TrainingSet:
    """Leave-one-out over all who touched another property beside; the history is up to `history_limit` of those.

    X (n, w) of the whole catalogue.
    """
    evidence = dataset.evidence
    seen, positions = np.unique(evidence.properties, return_inverse=True)
    targets = to_guess(evidence, config)
    window, outside = _windows(evidence.users, targets, config.history_limit)
    counts = np.bincount(positions[evidence.weights > 0], minlength=len(seen))
    popularity = np.log1p(counts).astype(np.float32)
    examples = Examples(
        targets=positions[targets],
        histories=np.where(outside, len(seen), positions[window]),
        weights=np.where(outside, 0, evidence.weights[window]).astype(np.float32),
        importance=np.array([KIND_WEIGHTS[kind] for kind in KINDS], dtype=np.float32)[evidence.kinds[targets]],
    )
    return TrainingSet(
        examples=examples,
        X=X[seen],
        seen=seen,
        popularity=popularity - popularity.mean(),
    )


def to_guess(evidence: Evidence, config: TwinConfig) -> Numbers:
    """(e,) lines of the evidence: what each investor wanted of whom more is known."""
    users = np.unique(evidence.users, return_inverse=True)[1]
    wanted = np.isin(evidence.kinds, [KIND_CODE[kind] for kind in config.target_kinds])
    return np.flatnonzero(wanted & (np.bincount(users)[users] > 1))


def _windows(users: Numbers, targets: Numbers, limit: int) -> tuple[Numbers, Mask]:
    """(e, limit + 1) the lines around each target (e,), and which are no history: those stand last. users (k,).

    What came before the target in time comes first; an investor with too little before it lends later dealings.
    """
    begin, end = (np.searchsorted(users, users[targets], side=side) for side in ("left", "right"))
    first = np.maximum(np.minimum(targets - limit, end - limit - 1), begin)
    window = first[:, None] + np.arange(limit + 1)  # one too many, for the target itself is among them
    outside = (window >= end[:, None]) | (window == targets[:, None])
    order = np.argsort(outside, axis=1, kind="stable")  # the target's own slot goes last
    window, outside = (np.take_along_axis(each, order, axis=1) for each in (np.where(outside, 0, window), outside))
    return window, outside


def validation_examples(queries: Queries, training: TrainingSet, limit: int) -> Examples:
    """The held-out targets in the same form, for the loss on validation: those whose property training has seen."""
    size = len(training.seen)
    position = np.full(max(int(training.seen.max(initial=-1)), int(queries.targets.max(initial=-1))) + 1, size)
    position[training.seen] = np.arange(size)
    history = queries.histories.recent(limit)
    history = history.take(
        (history.properties < len(position)) & (position[np.minimum(history.properties, len(position) - 1)] < size)
    )
    starts = np.append(0, np.cumsum(history.lengths))
    column = np.arange(len(history.owners)) - starts[history.owners]
    histories = np.full((len(queries.users), limit + 1), size)
    weights = np.zeros(histories.shape, dtype=np.float32)
    histories[history.owners, column] = position[history.properties]
    weights[history.owners, column] = history.weights
    kept = position[queries.targets] < size
    ones = np.ones(int(kept.sum()), dtype=np.float32)
    return Examples(
        targets=position[queries.targets[kept]], histories=histories[kept], weights=weights[kept], importance=ones
    )
