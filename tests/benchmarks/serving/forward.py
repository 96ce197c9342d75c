"""The tower's forward pass by numpy, as serving has it, and by torch, as training does: the same weights."""

import numpy as np
import torch

from portfolio_twin.model.encoder import PropertyEncoder
from portfolio_twin.model.twin import Twin
from tests.benchmarks.measure.clock import milliseconds

SIZES = {"one": (1, 3000), "100": (100, 1000), "10000": (10_000, 30)}  # properties, repeats
TOLERANCE = 1e-5


def network_of(encoder: PropertyEncoder) -> torch.nn.Sequential:
    layers: list[torch.nn.Module] = []
    for weight, bias in encoder.layers:
        linear = torch.nn.Linear(*weight.shape)
        linear.weight.data, linear.bias.data = torch.from_numpy(weight.T.copy()), torch.from_numpy(bias.copy())
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def measure_forward(twin: Twin) -> dict[str, float]:
    network = network_of(twin.encoder).eval()
    figures: dict[str, float] = {}
    for name, (size, repeats) in SIZES.items():
        X = np.resize(twin.offer.X, (size, twin.schema.width))
        given = torch.from_numpy(X)
        with torch.inference_mode():
            answer = torch.nn.functional.normalize(network(given)).numpy()
            if np.abs(answer - twin.encoder(X)).max() > TOLERANCE:
                raise SystemExit("torch and numpy do not agree: their times are not of the same thing")
            by_torch = milliseconds(lambda: torch.nn.functional.normalize(network(given)), repeats)  # noqa: B023  # called at once
        by_numpy = milliseconds(lambda: twin.encoder(X), repeats)  # noqa: B023  # called at once
        figures |= {f"forward_{name}_ms": by_numpy["p50_ms"], f"forward_{name}_torch_ms": by_torch["p50_ms"]}
    return figures
