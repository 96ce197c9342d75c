"""The network of the plain design: a property tower, and a table with a vector per investor."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # torch's own name for it

from functions.train.plain.config import PlainConfig
from functions.train.plain.examples import Batch
from functions.train.plain.features import WIDTH


class PlainNetwork(nn.Module):
    def __init__(self, n_users: int, config: PlainConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width, following in pairwise((WIDTH, *config.hidden)):
            layers += [nn.Linear(width, following), nn.BatchNorm1d(following), nn.ReLU(), nn.Dropout(config.dropout)]
        self.tower = nn.Sequential(*layers, nn.Linear(config.hidden[-1], config.embedding_dim))
        self.users = nn.Embedding(n_users, config.embedding_dim)
        self.temperature = config.temperature

    def embed(self, X: Tensor) -> Tensor:
        """(n, 25) → (n, d) unit vectors."""
        return F.normalize(self.tower(X), dim=1)

    def loss(self, X: Tensor, batch: Batch, drawn: Tensor) -> Tensor:
        """InfoNCE of each target against the negatives `drawn` (c,) for all; X (n, 25) is the whole catalogue."""
        needed, position = torch.unique(torch.cat([batch.targets, drawn]), return_inverse=True)
        right, wrong = torch.split(self.embed(X[needed])[position], [len(batch.targets), len(drawn)])
        investors = F.normalize(self.users(batch.users), dim=1) / self.temperature
        logits = torch.cat([(investors * right).sum(dim=1, keepdim=True), investors @ wrong.T], dim=1)  # (b, 1 + c)
        own = (batch.own[:, :, None] == drawn).any(dim=1)  # (b, c)
        logits = logits.masked_fill(F.pad(own, (1, 0)), float("-inf"))
        losses = F.cross_entropy(logits, torch.zeros_like(batch.targets), reduction="none")
        return (batch.importance * losses).sum() / batch.importance.sum()
