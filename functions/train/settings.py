"""The training job's environment. It is no Lambda, so its settings live with it; an empty variable is one not set."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from functions.train.job import Job
from functions.train.plain.config import PlainConfig
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.model.config import TrainingOptions, TwinConfig
from portfolio_twin.model.twin import ModelKind


class TrainSettings(TrainingOptions, BaseSettings):
    """What to train comes from the pipeline; overrides of the design's settings are optional."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True, enable_decoding=False)

    bucket: str = Field(min_length=3)
    tenant_id: UUID
    snapshot_id: str
    version: str
    model_kind: ModelKind = "twin"
    output_prefix: str | None = None
    design: Literal["recipe", "baseline"] = "recipe"  # baseline: the plain design, measured and never served
    device: Literal["cpu", "cuda", "mps"] = "cpu"
    lookback_days: Annotated[int, Field(ge=1)] | None = None
    val_split: float = Field(1.0, ge=0, le=1)
    compare_baseline: bool = False
    code_version: str = "unknown"

    @property
    def prefix(self) -> str:
        return self.output_prefix or keys.training(self.tenant_id, self.version)

    def job(self) -> Job:
        """Raises InvalidInput for an override that the design does not have."""
        overrides, alone = self.given(), self.design == "baseline"
        return Job(
            tenant_id=self.tenant_id,
            version=self.version,
            kind=self.model_kind,
            config=TwinConfig(**overrides),
            device=self.device,
            lookback_days=self.lookback_days,
            val_split=self.val_split,
            baseline=self.compare_baseline,
            design="plain" if alone else "twin",
            plain=PlainConfig.of(overrides) if alone else PlainConfig(),
            code_version=self.code_version,
        )
