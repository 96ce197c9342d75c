"""Every setting of a twin's design and training; it travels in the bundle's manifest."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

# Settings of before that bundles still carry, each with the value that makes a twin. With another value a bundle holds
# the plain design, which is measured (`functions/train/plain`) and not served: it is refused as any unknown setting is.
RETIRED = {"features": "learnt", "user_tower": "history", "negatives": "catalogue"}


@dataclass(frozen=True)
class TwinConfig:
    """The design that measured best."""

    embedding_dim: int = 16
    hidden: tuple[int, ...] = (64,)
    dropout: float = 0.2
    loss: Literal["infonce", "triplet"] = "infonce"
    temperature: float = 0.1
    learn_temperature: bool = True
    triplet_margin: float = 0.2
    # Start of a in cosine/τ + a·(log1p(popularity) − mean); 0 leaves the term out. What it explains the cosine does not
    # have to: it belongs beside a ranking layer, which adds popularity again, and harms where the cosine alone ranks.
    popularity_weight: float = 0.0
    target_kinds: tuple[str, ...] = ("deal", "like", "outreach")  # what is learnt from; each by its KIND_WEIGHTS
    # How far the parts of a history must point apart for the later one alone to count (`Histories.since_change`); None
    # counts all. docs/decisions/0010 says what was tried.
    change_of_taste: float | None = 0.3
    history_limit: int = 12  # distinct properties of an investor that one training example pools
    blank_history: float = 0.1  # share of histories blanked, so that an empty one comes to mean the market's taste
    sampled_softmax_above: int = 200_000  # properties; beyond, negatives are drawn and corrected by logQ
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 6e-3  # Albany, NDCG@10 on validation: 3e-3 .145, 6e-3 .149, 1e-2 .148
    weight_decay: float = 1e-4
    one_cycle: bool = True  # OneCycle with 10 % warm-up, else constant
    batch_size: int = 256
    epochs: int = 40
    ranking: bool = True  # fit the ranking layer, which stays only where it gains
    ranking_popularity_weight: float = 0.5  # the same for the ranking layer's own tower: the layer adds it again
    recent_activity: bool = True  # let it use how much went on around a property of late
    seed: int = 0

    def __post_init__(self) -> None:
        if self.embedding_dim < 2 or any(width < 1 for width in self.hidden):
            raise ValueError("layers must have a width")
        if self.batch_size < 2 or self.epochs < 1:
            raise ValueError("batch_size must be ≥ 2 and epochs ≥ 1")
        if not 0 <= self.dropout < 1 or self.learning_rate <= 0 or self.temperature <= 0:
            raise ValueError("dropout must lie in [0, 1), learning_rate and temperature above 0")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"hidden": list(self.hidden), "target_kinds": list(self.target_kinds)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """Raises ValueError for a setting that this version does not know."""
        settings = {name: value for name, value in data.items() if (name, value) not in RETIRED.items()}
        if unknown := settings.keys() - {field.name for field in fields(cls)}:
            raise ValueError(f"unknown settings: {sorted(unknown)}")
        lists = {"hidden": tuple(data["hidden"]), "target_kinds": tuple(data["target_kinds"])}
        return cls(**settings | lists)
