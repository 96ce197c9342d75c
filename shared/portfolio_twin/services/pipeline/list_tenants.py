"""What a run of a state machine is about: one branch per tenant, from the machine's own input."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.domain.versions import is_version, new_version
from portfolio_twin.errors import InvalidInput, ModelNotFound


def _version(text: str) -> str:
    if not is_version(text):
        raise ValueError("a version looks like 20261121T020000Z-0123abcd")
    return text


Asked = TypeVar("Asked", bound=BaseModel)
Version = Annotated[str, AfterValidator(_version)]


class TrainingOptions(BaseModel):
    """Overrides of TwinConfig for one run; what is left out keeps its default."""

    model_config = ConfigDict(extra="forbid")

    epochs: int | None = Field(None, ge=1, le=10_000)
    batch_size: int | None = Field(None, ge=1, le=1_000_000)
    learning_rate: float | None = Field(None, gt=0, le=10)
    seed: int | None = Field(None, ge=0)

    def as_texts(self) -> dict[str, str]:
        """As a container's environment takes them; "" leaves the default."""
        return {name: "" if value is None else str(value) for name, value in self}


class Upload(BaseModel):
    """A bundle put by hand: named outright, or by the key that the bucket's event carries."""

    tenant_id: UUID | None = None
    version: Version | None = None
    key: str | None = None

    def named(self) -> tuple[UUID, str]:
        if self.tenant_id is not None and self.version is not None:
            return self.tenant_id, self.version
        parts = (self.key or "").split("/")
        if len(parts) != 4 or parts[0] != "uploads":
            raise InvalidInput("an upload lies under uploads/TENANT/VERSION/")
        try:
            return UUID(parts[1]), _version(parts[2])
        except ValueError as error:
            raise InvalidInput(f"an upload lies under uploads/TENANT/VERSION/: {error}") from error


class RetrainInput(BaseModel):
    """EventBridge's own fields may come along; they say nothing here."""

    tenant_ids: list[UUID] | None = Field(None, min_length=1)
    upload: Upload | None = None
    lookback_days: int | None = Field(None, ge=1)
    training: TrainingOptions = TrainingOptions()


class ReindexInput(BaseModel):
    tenant_id: UUID | None = None
    version: Version | None = None
    recreate: bool = False


def list_for_retrain(database: Database, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A new version for every tenant, or for those named, or the one version that was uploaded."""
    asked = _read(RetrainInput, given)
    if asked.upload is not None:
        tenant, version = asked.upload.named()
        branches = [_branch(tenant, version, "upload", f"uploads/{tenant}/{version}/")]
    else:
        tenants = asked.tenant_ids or [tenant.tenant_id for tenant in database.list_tenants()]
        versions = [(tenant, new_version(now)) for tenant in dict.fromkeys(tenants)]
        branches = [_branch(t, v, "retrain", f"{t}/training/{v}/") for t, v in versions]
    settings = {"lookback_days": asked.lookback_days, "training": asked.training.as_texts()}
    return {"tenants": branches, "settings": settings}


def list_for_reindex(database: Database, registry: Registry, given: Mapping[str, Any]) -> dict[str, Any]:
    """The version named, or the live one: of one tenant, or of every tenant that has one."""
    asked = _read(ReindexInput, given)
    if asked.tenant_id is not None and asked.version is not None:
        branches = [{"tenant_id": str(asked.tenant_id), "version": asked.version}]
    elif asked.version is not None:
        raise InvalidInput("a version alone names no model: tenant_id is missing")
    else:
        tenants = [asked.tenant_id] if asked.tenant_id else [tenant.tenant_id for tenant in database.list_tenants()]
        branches = _live_branches(registry, tenants)
    return {"tenants": branches, "settings": {"recreate": asked.recreate}}


def _live_branches(registry: Registry, tenants: Sequence[UUID]) -> list[dict[str, Any]]:
    branches = []
    for tenant in tenants:
        try:
            live = registry.live(tenant)
        except ModelNotFound:
            live = None  # a live.json that cannot be read must not stop the other tenants; serving reports it
        if live is not None:
            branches.append({"tenant_id": str(tenant), "version": live.version})
    return branches


def _branch(tenant: UUID, version: str, entry: str, source: str) -> dict[str, Any]:
    return {"tenant_id": str(tenant), "version": version, "entry": entry, "source": source}


def _read(model: type[Asked], given: Mapping[str, Any]) -> Asked:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(f"the machine's input is wrong: {error}") from error
