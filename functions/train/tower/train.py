"""The torch side of a training, behind one call: everything that comes out is numpy."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from functions.train.progress import Epoch, Progress
from functions.train.tower.checkpoints import Checkpoints
from functions.train.tower.examples import training_set
from functions.train.tower.loop import train
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.errors import InvalidInput
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import PropertyEncoder

# Properties below which one thread is faster: the steps are so short that threads mostly wait for each other, and where
# something else runs on the machine they wait long (at 1 500 properties on two busy cores: 25 s against 106 s).
SMALL_CATALOGUE = 5_000


@dataclass(frozen=True)
class TrainedTower:
    """The property tower, u₀ (d,), and how training went."""

    encoder: PropertyEncoder
    global_vector: Matrix
    history: list[Epoch]
    best_epoch: int


def train_tower(
    log: InteractionLog,
    validation: Queries,
    property_ids: npt.NDArray[np.object_],
    X: Matrix,
    config: TwinConfig,
    device: str,
    checkpoints: Checkpoints | None,
    progress: Progress,
) -> TrainedTower:
    """Trains on `log`, what may be learnt from; X (n, w) is the whole catalogue. Raises InvalidInput, Interrupted."""
    training = training_set(log, property_ids, X, config.target_kinds, config.history_limit)
    if len(training.examples) == 0:
        raise InvalidInput("no investor has a deal or like beside another interaction: there is nothing to train on")
    if len(training.X) < SMALL_CATALOGUE:
        torch.set_num_threads(1)
    trained = train(training, validation, X, config, device=device, checkpoints=checkpoints, progress=progress)
    market_taste = trained.network.global_vector.detach().cpu().numpy()
    return TrainedTower(trained.network.tower.export(), market_taste, trained.history, trained.best_epoch)
