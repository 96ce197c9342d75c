"""What a run of a state machine is about: one branch per tenant, from the machine's own input."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from portfolio_twin.adapters.postgres.database import TenantRow
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.s3.model_registry import Live, ModelRegistry
from portfolio_twin.adapters.s3.objects import READERS
from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.domain.versions import is_version, made_at, new_version
from portfolio_twin.errors import InvalidInput, ModelNotFound
from portfolio_twin.model.config import TrainingOptions, dimension_fault
from portfolio_twin.settings import StepSettings

PAGE = 1_000  # tenants


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
    """A new version for every tenant that has news, or for those named, or the one version that was uploaded."""
    wanted = _read(RetrainInput, given)
    if wanted.upload is not None:
        branches = [_branch(*wanted.upload.named(), "upload")]
    else:
        tenants = dict.fromkeys(wanted.tenant_ids or _tenants_with_news(stores))
        branches = [_branch(tenant_id, new_version(now), "retrain") for tenant_id in tenants]
    lookback_days = wanted.lookback_days or _settings(stores).lookback_days or None
    settings = {"lookback_days": lookback_days, "training": wanted.training.as_texts()}
    return {"tenants": branches, "settings": settings}


def list_for_import(stores: Stores, given: Mapping[str, Any]) -> dict[str, Any]:
    """The tenant whose files are to be imported; for the hosts' own tables, every tenant."""
    wanted = _read(ImportInput, given)
    if wanted.source == "host_views" and wanted.tenant_id is None:
        tenants = [row.tenant_id for page in _pages(stores) for row in page]
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
        every = ([row.tenant_id for row in page] for page in _pages(stores))
        branches = [
            {"tenant_id": str(tenant_id), "version": live.version}
            for page in ([[wanted.tenant_id]] if wanted.tenant_id else every)
            for tenant_id, live in _lives(stores, page, ModelRegistry.live).items()
            if live is not None
        ]
    return {"tenants": branches, "settings": {"recreate": wanted.recreate}}


def _tenants_with_news(stores: Stores) -> Iterator[UUID]:
    """Those without a model, with enough new events since the live one was begun, or with somebody to forget."""
    at_least = _settings(stores).retrain_new_events
    for page in _pages(stores):
        lives = _lives(stores, [row.tenant_id for row in page], ModelRegistry.serving)
        since = {tenant_id: made_at(live.version) for tenant_id, live in lives.items() if live is not None}
        news = stores.database.new_events(since, at_least)
        for row in page:
            live = lives[row.tenant_id]
            if live is None or news[row.tenant_id] >= at_least or _has_to_forget(row, live):
                yield row.tenant_id


def _has_to_forget(row: TenantRow, live: Live) -> bool:
    """A person was erased whom the live model, or the one before, may have learnt from."""
    return row.erased_at is not None and row.erased_at > made_at(live.previous or live.version)


def _pages(stores: Stores) -> Iterator[list[TenantRow]]:
    after = None
    while page := stores.database.tenants_after(after, PAGE):
        yield page
        after = page[-1].tenant_id


def _lives(
    stores: Stores, tenants: Sequence[UUID], read: Callable[[ModelRegistry], Live | None]
) -> dict[UUID, Live | None]:
    """Many at a time: one after another, fifty thousand would take a quarter of an hour."""

    def live(tenant_id: UUID) -> Live | None:
        # A live.json that cannot be read must not stop the other tenants; serving reports it.
        with suppress(ModelNotFound):
            return read(stores.of(tenant_id).bucket.models)
        return None

    with ThreadPoolExecutor(READERS) as readers:
        return dict(zip(tenants, readers.map(live, tenants), strict=True))


def _settings(stores: Stores) -> StepSettings:
    if not isinstance(stores.settings, StepSettings):
        raise TypeError("a run is for the steps of the pipelines: these are the settings of another function")
    return stores.settings


def _branch(tenant_id: UUID, version: str, entry: keys.Entry) -> dict[str, Any]:
    source = keys.source(tenant_id, version, entry)
    return {"tenant_id": str(tenant_id), "version": version, "entry": entry, "source": source}


def _read(model: type[Input], given: Mapping[str, Any]) -> Input:
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise InvalidInput(f"the machine's input is wrong: {error}") from error
