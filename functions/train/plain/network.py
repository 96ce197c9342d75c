"""The network of the plain design: a property tower, and a table with a vector per investor."""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # torch's own name for it

from functions.train.plain.config import PlainConfig
from functions.train.plain.examples import Batch
from functions.train.plain.features import WIDTH

DROPOUT_BLOCKS = 2  # the first ones; nothing is dropped after the others
USER_STD = 0.01  # of the vectors that investors start with: short ones, so that the first steps turn them


class PlainNetwork(nn.Module):
    def __init__(self, n_users: int, config: PlainConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for block, (width, following) in enumerate(pairwise((WIDTH, *config.hidden))):
            layers += [nn.Linear(width, following), nn.BatchNorm1d(following), nn.ReLU()]
            layers += [nn.Dropout(config.dropout)] if block < DROPOUT_BLOCKS else []
        self.tower = nn.Sequential(*layers, nn.Linear(config.hidden[-1], config.embedding_dim))
        self.users = nn.Embedding(n_users, config.embedding_dim)
        nn.init.normal_(self.users.weight, std=USER_STD)
        self.temperature = config.temperature

    def embed(self, X: Tensor) -> Tensor:
        """(n, 25) → (n, d) unit vectors."""
        return F.normalize(self.tower(X), dim=1)

    def loss(self, X: Tensor, batch: Batch, drawn: Tensor) -> Tensor:
        """InfoNCE of each target against the negatives `drawn` (c,) for all; X (n, 25) is the whole catalogue."""
        right, wrong = torch.split(self.embed(X[torch.cat([batch.targets, drawn])]), [len(batch.targets), len(drawn)])
        investors = F.normalize(self.users(batch.users), dim=1) / self.temperature
        logits = torch.cat([(investors * right).sum(dim=1, keepdim=True), investors @ wrong.T], dim=1)  # (b, 1 + c)
        own = (batch.own[:, :, None] == drawn).any(dim=1)  # (b, c)
        logits = logits.masked_fill(F.pad(own, (1, 0)), float("-inf"))
        return F.cross_entropy(logits, torch.zeros_like(batch.targets))
