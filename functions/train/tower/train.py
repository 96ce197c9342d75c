"""The torch side of a training, behind one call: everything that comes out is numpy."""

import torch

from functions.train.progress import Progress
from functions.train.tower.checkpoints import Checkpoints
from functions.train.tower.examples import training_set
from functions.train.tower.fitted import FittedTower
from functions.train.tower.loop import train
from functions.train.training_data import TrainingData
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.config import TwinConfig

# Properties below which one thread is faster: the steps are so short that threads mostly wait for each other, and where
# something else runs on the machine they wait long (at 1 500 properties on two busy cores: 25 s against 106 s).
SMALL_CATALOGUE = 5_000


def train_tower(
    data: TrainingData, config: TwinConfig, *, device: str, checkpoints: Checkpoints | None, progress: Progress
) -> FittedTower:
    """Raises InvalidInput where there is nothing to learn from, Interrupted when it is stopped."""
    training = training_set(data.learnt_from, data.X, config)
    if len(training.examples) == 0:
        raise InvalidInput("no investor has a deal or like beside another interaction: there is nothing to train on")
    if len(training.X) < SMALL_CATALOGUE:
        torch.set_num_threads(1)
    trained = train(training, data, config, device=device, checkpoints=checkpoints, progress=progress)
    return FittedTower(
        encoder=trained.network.tower.export(),
        market_taste=trained.network.market_taste.detach().cpu().numpy(),
        history=trained.history,
        best_epoch=trained.best_epoch,
    )
