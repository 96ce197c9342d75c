"""The two losses on offer. Rows are investors, columns candidates; −inf marks a candidate that is no wrong answer."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812  # torch's own name for it


def info_nce(logits: Tensor, targets: Tensor, importance: Tensor) -> Tensor:
    """Weighted mean of −log softmax of the target. logits (b, c), targets (b,) columns, importance (b,).

    van den Oord, Li and Vinyals, "Representation Learning with Contrastive Predictive Coding" (2018), eq. 4.
    """
    return (importance * F.cross_entropy(logits, targets, reduction="none")).sum() / importance.sum()


def triplet(cosines: Tensor, targets: Tensor, importance: Tensor, margin: float) -> Tensor:
    """Weighted mean over the violated triplets of max(0, margin + cos(u, n) − cos(u, p)). Shapes as above.

    Schroff, Kalenichenko and Philbin, "FaceNet" (CVPR 2015), eq. 3; the mean over violated ones as in Hermans, Beyer
    and Leibe, "In Defense of the Triplet Loss" (2017), "batch all ≠ 0".
    """
    columns = targets[:, None]
    gaps = (margin + cosines - cosines.gather(1, columns)).scatter(1, columns, float("-inf"))
    violations = F.relu(gaps)
    weights = importance[:, None] * (gaps > 0)
    return (weights * violations).sum() / weights.sum().clamp(min=1e-6)


def log_inclusion(odds: Sequence[Tensor], draws: int) -> Tensor:
    """Log of the chance to be among so many draws with replacement by each of these odds: log(1 − Π (1 − q)^k)."""
    missed = sum((torch.log1p(-q.clamp(max=1 - 1e-6)) for q in odds), start=torch.zeros_like(odds[0]))
    return torch.log(-torch.expm1(draws * missed))
