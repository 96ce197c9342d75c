"""Towers that were not trained on some investors: whose choices then show what the ranking layer can learn from."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from functions.train.progress import Progress
from functions.train.tower.train import train_tower
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


def train_towers(data: TrainingData, config: TwinConfig, *, device: str, progress: Progress) -> Sequence[Tower]:
    """The one that will serve, trained on everybody, then one for each fold of the investors."""
    users = np.unique(data.learnt_from.log.users)
    folds = fold_of(users, config.seed)
    quiet, towers = Progress(stop=progress.stop), []
    config = replace(
        config, popularity_weight=config.ranking_popularity_weight, epochs=max(round(config.epochs * EPOCHS_SHARE), 1)
    )
    for fold in range(-1, FOLDS):
        progress.say(f"ranking: tower {fold + 2} of {FOLDS + 1}")
        unseen = users[folds == fold]
        tower = train_tower(data.without(unseen), config, device=device, checkpoints=None, progress=quiet)
        towers.append(Tower(tower.encoder, tower.market_taste, unseen))
    return towers


def fold_of(users: Numbers, seed: int) -> Numbers:
    """(u,) each investor's fold, drawn by seed."""
    return np.random.default_rng(seed).permutation(len(users)) % FOLDS
