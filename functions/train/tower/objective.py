"""One step's loss: who is asked, what the candidates are, and what the loss makes of their scores."""

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # torch's own name for it

from functions.train.tower.examples import Examples, TrainingSet
from functions.train.tower.losses import info_nce, log_inclusion, triplet
from functions.train.tower.network import TwinNetwork
from portfolio_twin.model.config import TwinConfig

# Half of them any property, so that what nobody wants is shown as a wrong answer too, half what somebody wants.
SAMPLED_NEGATIVES = 2048
NO_CANDIDATE = float("-inf")


@dataclass(frozen=True)
class Batch:
    """Examples as tensors on the device; shapes as in `Examples`."""

    targets: Tensor
    histories: Tensor
    weights: Tensor
    importance: Tensor

    def __len__(self) -> int:
        return len(self.targets)

    @classmethod
    def of(cls, examples: Examples, device: str) -> Self:
        return cls(*(torch.as_tensor(getattr(examples, name), device=device) for name in cls.__dataclass_fields__))

    def take(self, rows: Tensor) -> Self:
        return type(self)(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


class Objective:
    """The loss of a batch over the whole catalogue, or over negatives drawn for it."""

    def __init__(self, training: TrainingSet, config: TwinConfig, device: str) -> None:
        self.config = config
        size = len(training.X)
        self.X = F.pad(torch.as_tensor(training.X, device=device), (0, 0, 0, 1))  # (s + 1, w), the last row padding
        self.popularity = F.pad(torch.as_tensor(training.popularity, device=device), (0, 1))  # (s + 1,)
        self.draws_negatives = size > config.sampled_softmax_above
        self.targets = torch.as_tensor(training.examples.targets, device=device)  # (e,)
        counts = torch.bincount(self.targets, minlength=size)
        self.odds = (torch.tensor(1 / max(size, 1), device=device), counts / max(len(self.targets), 1))  # one, and (s,)

    def __call__(self, network: TwinNetwork, batch: Batch) -> Tensor:
        blank = torch.rand(len(batch), 1, device=self.X.device) < (self.config.blank_history if network.training else 0)
        weights = batch.weights.masked_fill(blank, 0.0)
        return (self._over_draws if self.draws_negatives else self._over_all)(network, batch, weights)

    def _over_all(self, network: TwinNetwork, batch: Batch, weights: Tensor) -> Tensor:
        vectors = F.pad(network.tower(self.X[:-1]), (0, 0, 0, 1))  # (s + 1, d)
        investors = network.investors(vectors, batch.histories, weights)
        scores = self._popular(network, self._sharpened(network, investors) @ vectors.T, self.popularity)  # (b, s + 1)
        return self._loss(scores.scatter_(1, batch.histories, NO_CANDIDATE), batch.targets, batch.importance)

    def _over_draws(self, network: TwinNetwork, batch: Batch, weights: Tensor) -> Tensor:
        """Sampled softmax: each row sees what was drawn for all rows, and in the last column its own target.

        Each one drawn stands for as many as it is rarely drawn, so that the sum over all is right on average: Horvitz
        and Thompson, "A Generalization of Sampling Without Replacement from a Finite Universe" (1952).
        """
        drawn = self._draw()
        b, c, h = len(batch), len(drawn), batch.histories
        needed, position = torch.unique(torch.cat([batch.targets, drawn, h.flatten()]), return_inverse=True)
        vectors = network.tower(self.X[needed])
        own, others = vectors[position[:b]], F.pad(vectors[position[b : b + c]], (0, 0, 0, 1))
        investors = network.investors(vectors, position[b + c :].reshape(-1, h.shape[1]), weights)
        asking = self._sharpened(network, investors)
        targets = self._popular(network, (asking * own).sum(dim=1), self.popularity[batch.targets])  # (b,)
        scores = self._popular(network, asking @ others.T, F.pad(self.popularity[drawn], (0, 1)))  # (b, c + 1)
        if self.config.loss == "infonce":
            uniform, by_targets = self.odds
            scores = scores - F.pad(log_inclusion((uniform, by_targets[drawn]), SAMPLED_NEGATIVES // 2), (0, 1))
        right = torch.cat([h, batch.targets[:, None]], dim=1)
        column = torch.searchsorted(drawn, right).clamp(max=c - 1)
        scores = scores.scatter_(1, torch.where(drawn[column] == right, column, c), NO_CANDIDATE)
        last = torch.full_like(batch.targets, c)
        return self._loss(scores.scatter(1, last[:, None], targets[:, None]), last, batch.importance)

    def _draw(self) -> Tensor:
        """(c,) distinct positions, ascending."""
        half, size, device = SAMPLED_NEGATIVES // 2, len(self.X) - 1, self.X.device
        wanted = self.targets[torch.randint(len(self.targets), (half,), device=device)]
        drawn: Tensor = torch.unique(torch.cat([torch.randint(size, (half,), device=device), wanted]))
        return drawn

    def _sharpened(self, network: TwinNetwork, investors: Tensor) -> Tensor:
        """Divided by τ here, b rows of d, rather than b rows of all candidates."""
        return investors if self.config.loss == "triplet" else investors / network.temperature

    def _popular(self, network: TwinNetwork, scores: Tensor, popularity: Tensor) -> Tensor:
        if self.config.loss == "triplet" or self.config.popularity_weight == 0:
            return scores
        return scores + network.popularity_weight * popularity

    def _loss(self, scores: Tensor, targets: Tensor, importance: Tensor) -> Tensor:
        if self.config.loss == "triplet":
            return triplet(scores, targets, importance, self.config.triplet_margin)
        return info_nce(scores, targets, importance)
