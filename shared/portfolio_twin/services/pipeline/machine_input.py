"""What a run of a state machine is about: one branch per tenant, from the machine's own input."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.versions import is_version, new_version
from portfolio_twin.errors import InvalidInput, ModelNotFound
from portfolio_twin.model.config import TrainingOptions, dimension_fault


def _version(text: str) -> str:
    if not is_version(text):
        raise ValueError("a version looks like 20261121T020000Z-0123abcd")
    return text


Input = TypeVar("Input", bound=BaseModel)
Version = Annotated[str, AfterValidator(_version)]


def _fits_the_index(options: TrainingOptions) -> TrainingOptions:
    if options.embedding_dim is not None and (fault := dimension_fault(options.embedding_dim)):
        raise ValueError(fault)
    return options


class Upload(BaseModel):
    """A bundle put by hand: named outright, or by the key that the bucket's event carries."""

    tenant_id: UUID | None = None
    version: Version | None = None
    key: str | None = None

    def named(self) -> tuple[UUID, str]:
        if self.tenant_id is not None and self.version is not None:
            return self.tenant_id, self.version
        return keys.read_upload(self.key or "")


class RetrainInput(BaseModel):
    """EventBridge's own fields may come along; they say nothing here."""

    tenant_ids: list[UUID] | None = Field(None, min_length=1)
    upload: Upload | None = None
    lookback_days: int | None = Field(None, ge=1)
    training: Annotated[TrainingOptions, AfterValidator(_fits_the_index)] = TrainingOptions()


class PutObject(BaseModel):
    """What the bucket's event says of an object."""

    key: str


class ImportInput(BaseModel):
    """An object that was put, a tenant by hand, or the hosts' own tables: of that tenant, or of all."""

    source: Literal["files", "host_views"] = "files"
    put: PutObject | None = None
    tenant_id: UUID | None = None
    skip_bad_rows: bool = False


class ReindexInput(BaseModel):
    tenant_id: UUID | None = None
    version: Version | None = None
    recreate: bool = False


def list_for_retrain(stores: Stores, given: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """A new version for every tenant, or for those named, or the one version that was uploaded."""
    wanted = _read(RetrainInput, given)
    if wanted.upload is not None:
        branches = [_branch(*wanted.upload.named(), "upload")]
    else:
        tenants = dict.fromkeys(wanted.tenant_ids or _all_tenants(stores))
        branches = [_branch(tenant_id, new_version(now), "retrain") for tenant_id in tenants]
    settings = {"lookback_days": wanted.lookback_days, "training": wanted.training.as_texts()}
    return {"tenants": branches, "settings": settings}


def list_for_import(stores: Stores, given: Mapping[str, Any]) -> dict[str, Any]:
    """The tenant whose files are to be imported; for the hosts' own tables, every tenant."""
    wanted = _read(ImportInput, given)
    if wanted.source == "host_views" and wanted.tenant_id is None:
        tenants = _all_tenants(stores)
    else:
        tenants = [wanted.tenant_id or keys.read_import(wanted.put.key if wanted.put else "")]
    settings = {"source": wanted.source, "skip_bad_rows": wanted.skip_bad_rows}
    return {"tenants": [{"tenant_id": str(tenant_id)} for tenant_id in tenants], "settings": settings}


def list_for_reindex(stores: Stores, given: Mapping[str, Any]) -> dict[str, Any]:
    """The version named, or the live one: of one tenant, or of every tenant that has one."""
    wanted = _read(ReindexInput, given)
    if wanted.tenant_id is not None and wanted.version is not None:
        branches = [{"tenant_id": str(wanted.tenant_id), "version": wanted.version}]
    elif wanted.version is not None:
        raise InvalidInput("a version alone names no model: tenant_id is missing")
    else:
        tenants = [wanted.tenant_id] if wanted.tenant_id else _all_tenants(stores)
        branches = list(_live_branches(stores, tenants))
    return {"tenants": branches, "settings": {"recreate": wanted.recreate}}


def _all_tenants(stores: Stores) -> list[UUID]:
    return [tenant.tenant_id for tenant in stores.database.list_tenants()]


def _live_branches(stores: Stores, tenants: Sequence[UUID]) -> Iterator[dict[str, Any]]:
    for tenant_id in tenants:
        # A live.json that cannot be read must not stop the other tenants; serving reports it.
        with suppress(ModelNotFound):
            if live := stores.of(tenant_id).bucket.models.live():
                yield {"tenant_id": str(tenant_id), "version": live.version}


def _branch(tenant_id: UUID, version: str, entry: keys.Entry) -> dict[str, Any]:
    source = keys.source(tenant_id, version, entry)
    return {"tenant_id": str(tenant_id), "version": version, "entry": entry, "source": source}


def _read(model: type[Input], given: Mapping[str, Any]) -> Input:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(f"the machine's input is wrong: {error}") from error
