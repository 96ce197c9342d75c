"""Towers that were not trained on some investors: whose choices then show what the ranking layer can learn from."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from functions.train.progress import Progress
from functions.train.tower.beside import Lesson, trained_beside
from functions.train.tower.examples import to_guess
from functions.train.training_data import TrainingData
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder

FOLDS = 3
EPOCHS_SHARE = 0.5  # of the first step's: a layer that adds activity and nearness again loses nothing by it


class Tower(NamedTuple):
    """A tower that was not shown some investors."""

    encoder: PropertyEncoder
    market_taste: Matrix  # (d,)
    unseen: Numbers  # (u,) their ids


@contextmanager
def layer_towers(
    data: TrainingData, config: TwinConfig, *, device: str, progress: Progress
) -> Iterator[Callable[[], Sequence[Tower]]]:
    """The one that will serve, trained on everybody, then one for each fold of the investors; called when needed."""
    users = np.unique(data.learnt_from.log.users)
    folds = fold_of(users, config.seed)
    hidden = [users[folds == fold] for fold in range(-1, FOLDS)]
    epochs = config.epochs_for(len(to_guess(data.learnt_from.evidence, config)))
    config = replace(
        config, popularity_weight=config.ranking_popularity_weight, epochs=max(round(epochs * EPOCHS_SHARE), 1)
    )
    with trained_beside(Lesson(data, config, device), hidden, progress) as trained:

        def towers() -> Sequence[Tower]:
            progress.say(f"ranking: {len(hidden)} towers")
            return [Tower(t.encoder, t.market_taste, unseen) for t, unseen in zip(trained(), hidden, strict=True)]

        yield towers


def fold_of(users: Numbers, seed: int) -> Numbers:
    """(u,) each investor's fold, drawn by seed."""
    return np.random.default_rng(seed).permutation(len(users)) % FOLDS
