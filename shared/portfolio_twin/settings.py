"""The environment, read once and typed: one class per family of functions. Nothing else reads the environment.

Every variable is upper-case and listed below; AWS's own (`AWS_REGION`, `AWS_ENDPOINT_URL`, …) are read by boto3.
A bad value fails at start, with its name: each function calls `from_environment` when it is imported.
"""

from functools import cache
from typing import TypeVar

from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class ReadSettings(BaseSettings):
    """predict, recommend, look-alike: S3 and Qdrant, nothing else."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, populate_by_name=True, env_ignore_empty=True
    )

    bucket: str = Field(min_length=3, description="S3 bucket of models, snapshots and uploads")
    qdrant_url: str = Field(pattern=r"^https?://")
    qdrant_api_key: SecretStr | None = None
    qdrant_secret_arn: str = Field("", description="secret with {api_key}, instead of the key itself")
    qdrant_timeout_seconds: float = Field(2.0, gt=0, le=25)
    qdrant_shards: int = Field(1, ge=1, description="of each collection, when it is made")
    qdrant_replicas: int = Field(1, ge=1, description="of each shard, when it is made; a single one goes with its node")
    qdrant_on_disk: bool = Field(False, description="vectors on disk, cached in memory, when it is made")
    tenant_claim: str = "tenant_id"
    live_ttl_seconds: float = Field(30.0, ge=0)
    model_cache_tenants: int = Field(8, ge=1)
    bundle_limit_bytes: int = Field(512 * 1024 * 1024, gt=0)


class WriteSettings(ReadSettings):
    """feedback: the facts as well."""

    database_url: SecretStr = Field(description="postgresql+pg8000://…, as the application role")
    database_secret_arn: str = Field("", description="secret with {username, password}, where the URL has none")
    database_connect_seconds: float = Field(3.0, gt=0, le=10)
    database_statement_seconds: float = Field(5.0, gt=0, le=20)


class ExplorerSettings(BaseSettings):
    """explorer: where its page sends people to sign in; nothing where tokens come by a link."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    jwt_issuer: str = Field("", pattern=r"^(https?://.+)?$", description="of the tokens; its discovery page is read")
    explorer_client_id: str = Field("", description="public client of the issuer; empty: no sign-in is offered")
    explorer_connect_src: str = Field("", pattern=r"^[^;,\n]*$", description="further origins that sign-in talks to")

    @property
    def origins(self) -> str:
        """What the page may talk to beside its own origin, as a content security policy lists it."""
        issuer = self.jwt_issuer.split("/")[:3] if self.explorer_client_id else []
        return " ".join(filter(None, ("/".join(issuer), self.explorer_connect_src)))


class StepSettings(ReadSettings):
    """The steps of the two state machines: slower, bigger, never behind the API."""

    qdrant_timeout_seconds: float = Field(30.0, gt=0)
    lease_seconds: int = Field(6 * 3600, gt=0)
    retrain_new_events: int = Field(100, ge=0, description="since the live model was begun; fewer: no retraining")
    lookback_days: int = Field(0, ge=0, description="of interactions that a model learns from; 0: all there are")
    large_tenant_rows: int = Field(0, ge=0, description="beyond which CheckData leaves a tenant to a job; 0: never")
    keep_versions_days: int = Field(30, ge=0, description="of models that are neither live nor the one before")
    index_batch_points: int = Field(1000, ge=1, le=10_000, description="points per request to Qdrant")


class PipelineSettings(StepSettings, WriteSettings):
    """Those steps that read the facts: under a database role of their own."""

    database_url: SecretStr = Field(validation_alias=AliasChoices("pipeline_database_url", "database_url"))
    database_connect_seconds: float = Field(30.0, gt=0)  # a serverless PostgreSQL that slept takes half of that
    database_statement_seconds: float = Field(300.0, gt=0)


class AdminSettings(PipelineSettings):
    """Tenants made, listed and deleted: the pipelines' stores, behind the API, so in the API's time."""

    qdrant_timeout_seconds: float = Field(8.0, gt=0, le=25)
    database_statement_seconds: float = Field(8.0, gt=0, le=20)


class ImportSettings(PipelineSettings):
    """The import: what it takes in one file, and on how much disk."""

    import_lease_seconds: int = Field(960, gt=0, description="a little longer than the function lives")
    import_file_bytes: int = Field(400 * 1024**2, gt=0, description="of a file as it lies in S3: Lambda's disk has 512")
    import_text_bytes: int = Field(16 * 1024**3, gt=0, description="of text out of one file")


Settings = TypeVar("Settings", bound=BaseSettings)


class RuntimeSettings(BaseSettings):
    """What Lambda and the deployment say of themselves; elsewhere nothing."""

    aws_lambda_function_name: str = ""
    aws_lambda_initialization_type: str = ""
    code_version: str = "unknown"  # the deployment's Release

    @property
    def before_snapshot(self) -> bool:
        """Whether what runs now goes into the snapshot that SnapStart restores instances from."""
        return self.aws_lambda_initialization_type == "snap-start"


class BadEnvironment(ValueError):
    """Names each variable that is missing or has a value that cannot be; never the value."""


def from_environment(kind: type[Settings]) -> Settings:
    """The settings of one family; raises BadEnvironment."""
    try:
        return kind()
    except ValidationError as error:
        faults = (f"{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise BadEnvironment("; ".join(faults)) from None


@cache
def runtime() -> RuntimeSettings:
    return RuntimeSettings()
