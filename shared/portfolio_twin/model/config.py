"""Every setting of a twin's design and training; it travels in the bundle's manifest."""

from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

Loss = Literal["infonce", "triplet"]

# Settings of before that bundles still carry, each with the value that makes a twin. With another value a bundle holds
# the plain design, which is measured (`functions/train/plain`) and not served: it is refused as any unknown setting is.
RETIRED = {"features": "learnt", "user_tower": "history", "negatives": "catalogue"}

USUAL_EPOCHS = 40
EXAMPLES_ENOUGH = 2_500_000  # shown to a tower in all: a large market has said what it has to say in fewer epochs

LIVE_DIMENSIONS = 16  # of every model that goes live: the vectors of all tenants lie in the same two collections


@dataclass(frozen=True)
class TwinConfig:
    """The design that measured best."""

    embedding_dim: int = LIVE_DIMENSIONS
    hidden: tuple[int, ...] = (64,)
    dropout: float = 0.2
    loss: Loss = "infonce"
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
    sampled_softmax_above: int = 10_000  # properties; beyond, each step draws its negatives
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 6e-3  # Albany, NDCG@10 on validation: 3e-3 .145, 6e-3 .149, 1e-2 .148
    weight_decay: float = 1e-4
    one_cycle: bool = True  # OneCycle with 10 % warm-up, else constant
    batch_size: int = 256
    epochs: int | None = None  # None: `epochs_for` the data
    ranking: bool = True  # fit the ranking layer, which stays only where it gains
    ranking_popularity_weight: float = 0.5  # the same for the ranking layer's own tower: the layer adds it again
    recent_activity: bool = True  # let it use how much went on around a property of late
    seed: int = 0

    def __post_init__(self) -> None:
        if self.embedding_dim < 2 or any(width < 1 for width in self.hidden):
            raise ValueError("layers must have a width")
        if self.batch_size < 2 or (self.epochs is not None and self.epochs < 1):
            raise ValueError("batch_size must be ≥ 2 and epochs ≥ 1")
        if not 0 <= self.dropout < 1 or self.learning_rate <= 0 or self.temperature <= 0:
            raise ValueError("dropout must lie in [0, 1), learning_rate and temperature above 0")

    def epochs_for(self, examples: int) -> int:
        """As set; else the usual number, or as few as show a tower enough of so many examples."""
        return self.epochs or min(USUAL_EPOCHS, max(EXAMPLES_ENOUGH // max(examples, 1), 1))

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


def dimension_fault(embedding_dim: int) -> str | None:
    """Why a model of this dimension cannot go live, None where it can."""
    if embedding_dim == LIVE_DIMENSIONS:
        return None
    return (
        f"embedding_dim is {embedding_dim}: what goes live must have {LIVE_DIMENSIONS}, for all tenants share the "
        "collections of the index; `twin train` alone may use another"
    )


def _widths(given: Any) -> Any:
    """128,64 as a command line and an environment write it, or a list."""
    return given.split(",") if isinstance(given, str) else given


Widths = Annotated[
    tuple[Annotated[int, Field(ge=1, le=4096)], ...], BeforeValidator(_widths), Field(min_length=1, max_length=8)
]


class TrainingOptions(BaseModel):
    """Overrides of TwinConfig for one training; what is left out keeps its default."""

    model_config = ConfigDict(extra="forbid")

    epochs: int | None = Field(None, ge=1, le=10_000)
    batch_size: int | None = Field(None, ge=2, le=1_000_000)
    learning_rate: float | None = Field(None, gt=0, le=10)
    seed: int | None = Field(None, ge=0)
    loss: Loss | None = None
    embedding_dim: int | None = Field(None, ge=2, le=1024)
    dropout: float | None = Field(None, ge=0, lt=1)
    weight_decay: float | None = Field(None, ge=0, le=1)
    hidden: Widths | None = None
    temperature: float | None = Field(None, ge=0.01, le=10)

    @model_validator(mode="after")
    def _triplets_have_no_temperature(self) -> Self:
        if self.loss == "triplet" and self.temperature is not None:
            raise ValueError("temperature: the triplet loss has none; leave it out, or take loss infonce")
        return self

    def given(self) -> dict[str, Any]:
        """What was not left out, by its name in TwinConfig."""
        values = {name: getattr(self, name) for name in TrainingOptions.model_fields}
        return {name: value for name, value in values.items() if value is not None}

    def as_texts(self) -> dict[str, str]:
        """As a container's environment takes them; "" leaves the default."""
        texts = {name: str(value) for name, value in self.given().items()}
        texts |= {"hidden": ",".join(map(str, self.hidden))} if self.hidden else {}
        return dict.fromkeys(TrainingOptions.model_fields, "") | texts
