"""The torch side of a training, behind one call: everything that comes out is numpy."""

import torch
from threadpoolctl import threadpool_limits

from functions.train.progress import Progress
from functions.train.tower.checkpoints import Checkpoints
from functions.train.tower.examples import training_set
from functions.train.tower.fitted import FittedTower
from functions.train.tower.loop import train
from functions.train.training_data import TrainingData
from portfolio_twin.errors import InvalidInput
from portfolio_twin.model.config import TwinConfig


def train_tower(
    data: TrainingData, config: TwinConfig, *, device: str, checkpoints: Checkpoints | None, progress: Progress
) -> FittedTower:
    """Raises InvalidInput where there is nothing to learn from, Interrupted when it is stopped."""
    training = training_set(data.learnt_from, data.X, config)
    if len(training.examples) == 0:
        raise InvalidInput("no investor has a deal or like beside another interaction: there is nothing to train on")
    # Steps are so short that threads mostly wait for each other; what can be done at once are whole towers (`beside`).
    torch.set_num_threads(1)
    threadpool_limits(1, "blas")
    trained = train(training, data, config, device=device, checkpoints=checkpoints, progress=progress)
    return FittedTower(
        encoder=trained.network.tower.export(),
        market_taste=trained.network.market_taste.detach().cpu().numpy(),
        history=trained.history,
        best_epoch=trained.best_epoch,
    )
