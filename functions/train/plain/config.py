"""The settings of the plain design, which stay as they are: what is measured against it is measured for years."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from portfolio_twin.errors import InvalidInput


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

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        """With other settings, by name; raises InvalidInput for one that this design does not have."""
        own = [field.name for field in fields(cls)]
        if foreign := sorted(given.keys() - set(own)):
            raise InvalidInput(f"the plain design has no {', '.join(foreign)}; it has {', '.join(own)}")
        return cls(**given)
