"""The two towers in torch, and the way out of torch: BatchNorm folded into plain layers."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812  # torch's own name for it

from portfolio_twin.model.config import TwinConfig
from portfolio_twin.model.encoder import FULL_EVIDENCE, PropertyEncoder

TEMPERATURE_FLOOR = 0.01


class Dropout(nn.Module):
    """As nn.Dropout with inverted scaling, of a quarter of the step's time on a processor, where that one draws each
    number by itself and multiplies by booleans: here four come from one draw, and are floats.

    p is kept to 16 bits. Srivastava et al., "Dropout: A Simple Way to Prevent Neural Networks from Overfitting" (2014).
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.dropped = round(p * 2**16)  # of the 2**16 numbers that may be drawn

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.dropped:
            return x
        draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device).random_(-(2**63), None)
        numbers = draws.view(torch.int16)[: x.numel()].view(x.shape).float()  # each of −2¹⁵ … 2¹⁵ − 1 as likely
        kept = torch.ge(numbers, self.dropped - 2**15, out=numbers)
        return x * kept.mul_(2**16 / (2**16 - self.dropped))


class PropertyTower(nn.Module):
    """(n, width) → (n, d) unit vectors: Linear–BatchNorm–ReLU–Dropout per hidden layer, then Linear."""

    def __init__(self, width: int, config: TwinConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for hidden in config.hidden:
            layers += [nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), Dropout(config.dropout)]
            width = hidden
        self.layers = nn.Sequential(*layers, nn.Linear(width, config.embedding_dim))

    def forward(self, X: Tensor) -> Tensor:
        return F.normalize(self.layers(X), dim=1)

    @torch.no_grad()
    def export(self) -> PropertyEncoder:
        """The same function in numpy, as in evaluation: (Wx + b − μ)·γ/√(σ² + ε) + β becomes one layer.

        Jacob et al., "Quantization and Training of Neural Networks" (CVPR 2018), §3.2, on folding BatchNorm.
        """
        folded: list[tuple[Tensor, Tensor]] = []
        for layer in self.layers:
            if isinstance(layer, nn.Linear):
                folded.append((layer.weight.T.double(), layer.bias.double()))
            elif isinstance(layer, nn.BatchNorm1d):
                mean, variance = layer.get_buffer("running_mean"), layer.get_buffer("running_var")
                weight, bias = folded[-1]
                scale = layer.weight / torch.sqrt(variance.double() + layer.eps)
                folded[-1] = (weight * scale, (bias - mean) * scale + layer.bias)
        return PropertyEncoder([(_numpy(weight), _numpy(bias)) for weight, bias in folded])


class TwinNetwork(nn.Module):
    """Both towers and what the softmax learns beside them."""

    def __init__(self, width: int, config: TwinConfig) -> None:
        super().__init__()
        self.tower = PropertyTower(width, config)
        self.market_taste = nn.Parameter(0.1 * torch.randn(config.embedding_dim))  # u₀
        self.log_temperature = nn.Parameter(torch.tensor(config.temperature).log(), config.learn_temperature)
        self.popularity_weight = nn.Parameter(
            torch.tensor(float(config.popularity_weight)), requires_grad=config.popularity_weight != 0
        )

    @property
    def temperature(self) -> Tensor:
        return self.log_temperature.exp().clamp(min=TEMPERATURE_FLOOR)

    def investors(self, vectors: Tensor, histories: Tensor, weights: Tensor) -> Tensor:
        """(b, d) unit vectors: normalise(Σ wᵢvᵢ / max(Σ|wᵢ|, 1) + u₀).

        vectors (s + 1, d), the last one padding; histories (b, h) positions in it; weights (b, h).
        """
        weights = weights * (weights > 0).any(dim=1, keepdim=True)  # dislikes alone leave the market's taste
        shares = weights / weights.abs().sum(dim=1, keepdim=True).clamp(min=FULL_EVIDENCE)
        pooled = F.embedding_bag(histories, vectors, per_sample_weights=shares, mode="sum")
        return F.normalize(pooled + self.market_taste, dim=1)


def _numpy(tensor: Tensor) -> "np.ndarray[tuple[int, ...], np.dtype[np.float32]]":
    return np.ascontiguousarray(tensor.cpu().float().numpy())
