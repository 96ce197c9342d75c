"""A tower as it comes out of a training: numpy, whatever made it."""

from dataclasses import dataclass, field

from functions.train.progress import Epoch
from portfolio_twin.domain.arrays import Matrix
from portfolio_twin.model.encoder import PropertyEncoder


@dataclass(frozen=True)
class FittedTower:
    """The property tower, the market's taste, and how the training went."""

    encoder: PropertyEncoder
    market_taste: Matrix  # (d,) u₀
    history: list[Epoch] = field(default_factory=list)
    best_epoch: int = 0
