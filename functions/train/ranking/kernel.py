"""Learnt scales of the content kernel: which differences between two properties matter to investors."""

import numpy as np
import torch
from torch.nn import functional as F  # noqa: N812  # torch's own name for it

from functions.train.ranking.choices import Choices
from portfolio_twin.domain.arrays import Matrix, Numbers
from portfolio_twin.model.histories import Histories
from portfolio_twin.model.ranking import TERMS, WANTED_WEIGHT

STEPS = 160
BATCH = 96
LEARNING_RATE = 0.03
PULL = 0.002  # towards the scales begun with, per squared step of their logarithm
WANTED_KEPT = 12  # of a history
NEAR = TERMS.index("near")


def learn_scales(
    X: Matrix, choices: Choices, histories: Histories, *, start: Matrix, weights: Matrix, seed: int
) -> Matrix:
    """(w,) by gradient descent on the choices' log-likelihood, the layer's weights (2k,) moving along.

    The kernel here is that of `RankingLayer`: exp(−distance to the nearest wanted property of the history).
    """
    torch.manual_seed(seed)
    features, terms = torch.as_tensor(X), torch.as_tensor(choices.terms)
    candidates, wanted = torch.as_tensor(choices.candidates), torch.as_tensor(_wanted(choices.queries, histories))
    length = torch.as_tensor(np.log(np.maximum(choices.lengths, 1) / 2), dtype=torch.float32)[:, None]
    begun = torch.as_tensor(np.maximum(start, 1e-3)).log()
    scales, w = begun.clone().requires_grad_(True), torch.as_tensor(weights, dtype=torch.float32).requires_grad_(True)
    rates = [{"params": [scales], "lr": LEARNING_RATE}, {"params": [w], "lr": LEARNING_RATE}]
    optimizer = torch.optim.Adam(rates)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STEPS)
    unit = terms.std(dim=(0, 1)).clamp(min=1e-6)
    with torch.no_grad():
        w *= unit.repeat(2)
    for _ in range(STEPS):
        rows = torch.randint(len(terms), (BATCH,))
        near = _kernel(features * scales.exp(), candidates[rows], wanted[rows])
        batch = torch.cat([terms[rows, :, :NEAR], near[:, :, None], terms[rows, :, NEAR + 1 :]], dim=2) / unit
        base, by_length = w.chunk(2)
        scores = batch @ base + (batch @ by_length) * length[rows]
        loss = F.cross_entropy(scores, torch.zeros(len(rows), dtype=torch.int64))
        loss = loss + PULL * ((scales - begun) ** 2).sum()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch ships it untyped
        optimizer.step()
        schedule.step()
    return np.asarray(scales.detach().exp().numpy())


def _kernel(Z: torch.Tensor, candidates: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """(b, m) from scaled features (n, w), candidates (b, m), wanted (b, h) with −1 in the padding."""
    owned, line = torch.unique(wanted.clamp(min=0), return_inverse=True)
    offered, column = torch.unique(candidates, return_inverse=True)
    squares = Z[owned].square().sum(1)[:, None] + Z[offered].square().sum(1) - 2 * Z[owned] @ Z[offered].T
    gaps = (squares.clamp(min=0) + 1e-9).sqrt()  # (owned, offered)
    each = gaps[line[:, :, None], column[:, None, :]]  # (b, h, m)
    return torch.exp(-each.masked_fill((wanted < 0)[:, :, None], float("inf")).amin(dim=1))


def _wanted(asked: Numbers, histories: Histories) -> Numbers:
    """(e, WANTED_KEPT) the last wanted properties of each history that is asked for (e,), −1 in the padding."""
    wanted = np.full((len(asked), WANTED_KEPT), -1, dtype=np.int64)
    for i, query in enumerate(asked.tolist()):
        mine = histories.entries_of(query)
        kept = histories.properties[mine][histories.weights[mine] >= WANTED_WEIGHT][-WANTED_KEPT:]
        wanted[i, : len(kept)] = kept
    return wanted
