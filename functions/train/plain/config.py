"""The settings of the plain design, which stay as they are: what is measured against it is measured for years."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PlainConfig:
    """25→128→64→32→16, a vector learnt per investor, uniform negatives in balanced batches, a fixed temperature."""

    hidden: tuple[int, ...] = (128, 64, 32)
    embedding_dim: int = 16
    dropout: float = 0.2
    temperature: float = 0.07
    batch_size: int = 32  # half positives, half negatives
    learning_rate: float = 1e-3
    epochs: int = 100
    seed: int = 0
