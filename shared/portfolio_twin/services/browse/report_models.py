"""A tenant's models: which is live, what each was measured to do, and why it may serve or may not."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, Field

from portfolio_twin.adapters.s3.model_registry import LINK_SECONDS, Live
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.domain.versions import is_version, made_at
from portfolio_twin.errors import ModelNotFound, NotFound
from portfolio_twin.model.bundle.files import HISTORY, MANIFEST, METRICS, REPORT

NEWEST = 30  # versions that are told

Json = dict[str, Any]


class LiveModel(BaseModel):
    version: str = Field(examples=["20261121T114449Z-0f3a9c21"])
    previous: str | None = Field(description="where a rollback leads")
    promoted_at: datetime = Field(description="UTC")
    promoted_by: str = Field(description="the execution of the machine, or who rolled back")


class ModelSummary(BaseModel):
    """As its gates measured it; null where nobody did."""

    version: str = Field(examples=["20261121T114449Z-0f3a9c21"])
    kind: str | None = Field(description="twin, or content: learnt from the catalogue alone", examples=["twin"])
    created_at: datetime = Field(description="when its making was started, UTC")
    ndcg_at_10: float | None = Field(description="0..1, of all properties ranked for held-out investors")
    f1: float | None = Field(description="0..1, at an affinity of 0.5")
    ece: float | None = Field(description="expected calibration error, 0 is best")
    decision: str | None = Field(description="passed or rejected; null where no gate judged it", examples=["passed"])


class Models(BaseModel):
    live: LiveModel | None = Field(description="null for a tenant without a model")
    versions: list[ModelSummary] = Field(description=f"the newest first, at most {NEWEST}; rejected ones too")


class ModelDetails(BaseModel):
    """The files of a version as they are; null where it has none, as a rejected one has none but its gates."""

    manifest: Json | None = Field(description="manifest.json: what it was made from, its settings and its files")
    metrics: Json | None = Field(description="metrics.json; of a rejected one what its gates measured")
    gates: Json | None = Field(description="the decision, its reasons, and each gate with value, limit and note")
    history: Json | None = Field(description="training_history.json: losses and validation by epoch")


class ReportLink(BaseModel):
    url: str = Field(description="opens the report without a token")
    expires_at: datetime = Field(description="UTC")


def list_models(tenant: Tenant) -> Models:
    bucket = tenant.bucket
    judged, published = bucket.runs.judged(), bucket.models.versions()
    known = sorted({name for name in (*judged, *published) if is_version(name)}, reverse=True)[:NEWEST]
    verdicts = {name: bucket.runs.verdict(name, judged[name]) if name in judged else None for name in known}
    return Models(
        live=_live(_pointer(tenant)), versions=[_summary(name, verdict or {}) for name, verdict in verdicts.items()]
    )


def describe_model(tenant: Tenant, version: str) -> ModelDetails:
    """Raises NotFound for a version that was neither published nor judged."""
    models, runs = tenant.bucket.models, tenant.bucket.runs
    entry = runs.judged().get(version)
    gates = runs.verdict(version, entry) if entry else None
    manifest, metrics, history = (_json(models.file(version, name)) for name in (MANIFEST, METRICS, HISTORY))
    if manifest is None and gates is None:
        raise NotFound("no such version")
    measured = (gates or {}).get("measured")
    return ModelDetails(manifest=manifest, metrics=metrics or measured or None, gates=_plain(gates), history=history)


def link_report(tenant: Tenant, version: str) -> ReportLink:
    """Raises NotFound for a version without one."""
    models = tenant.bucket.models
    if REPORT not in models.sizes(version):
        raise NotFound("no such version, or it has no report")
    expires_at = datetime.now(UTC) + timedelta(seconds=LINK_SECONDS)
    return ReportLink(url=models.link(version, REPORT, "text/html"), expires_at=expires_at)


def _pointer(tenant: Tenant) -> Live | None:
    try:
        return tenant.bucket.models.live()
    except ModelNotFound:  # nobody can read it: the list of versions is what helps then
        return None


def _live(live: Live | None) -> LiveModel | None:
    return LiveModel.model_validate(live, from_attributes=True) if live else None


def _summary(version: str, verdict: Mapping[str, Any]) -> ModelSummary:
    measured = verdict.get("measured") or {}
    classification, ranking = measured.get("classification") or {}, measured.get("ranking") or {}
    return ModelSummary(
        version=version, kind=verdict.get("kind"), created_at=made_at(version), decision=verdict.get("decision"),
        ndcg_at_10=(ranking.get("twin") or {}).get("ndcg_at_10"), f1=classification.get("f1"),
        ece=classification.get("ece"),
    )  # fmt: skip


def _json(body: bytes | None) -> Json | None:
    try:
        content = json.loads(body or b"null")
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _plain(verdict: Mapping[str, Any] | None) -> Json | None:
    return dict(verdict) if verdict else None
