"""Whether a bundle may serve: loaded with every check, measured anew on frozen data, its verdict kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.errors import LeaseLost, ModelNotFound
from portfolio_twin.evaluation.gates import Gate, verdict
from portfolio_twin.model.bundle import MANIFEST
from portfolio_twin.services.pipeline.judge_bundle import Judgement, judge_bundle
from portfolio_twin.services.pipeline.verdicts import digest_of, keep_verdict, read_verdict

Entry = Literal["retrain", "upload"]


def evaluate_gates(
    registry: Registry,
    tenant: UUID,
    version: str,
    *,
    source: str,
    entry: Entry,
    snapshot_id: str | None,
    holder: str,
    lease_seconds: float,
    now: datetime,
) -> dict[str, Any]:
    """The decision with its reasons and the table of gates. Raises LeaseLost when a retraining lost its tenant."""
    if not registry.acquire_lease(tenant, holder, lease_seconds):
        if entry == "retrain":
            raise LeaseLost("another run took this tenant's lease during training")
        return _answer("already_running", ["another run holds this tenant's lease"])
    manifest = registry.find(source + MANIFEST)
    digest = digest_of(manifest.body) if manifest else None
    if entry == "upload" and (earlier := _earlier(registry, tenant, version, source, digest)):
        return earlier
    judgement = judge_bundle(registry, tenant, version, source, snapshot_id)
    reasons = verdict(judgement.gates)
    answer = _answer("rejected" if reasons else "passed", reasons + judgement.remarks, judgement)
    kept = {"manifest_sha256": digest, "decided_at": now.isoformat(), "measured": judgement.measured}
    keep_verdict(registry, tenant, version, source, answer | kept)
    return answer


def _answer(decision: str, reasons: list[str], judgement: Judgement | None = None) -> dict[str, Any]:
    gates: Mapping[str, Gate] = judgement.gates if judgement else {}
    return {
        "decision": decision,
        "reasons": reasons,
        "gates": {name: gate.to_json() for name, gate in gates.items()},
        "kind": judgement.kind if judgement else None,
    }


def _earlier(registry: Registry, tenant: UUID, version: str, source: str, digest: str | None) -> dict[str, Any] | None:
    """The answer to an upload event that comes again; None when these very files were never judged."""
    said = read_verdict(registry, tenant, version, source)
    if said is None or said.get("manifest_sha256") != digest:
        return None
    try:
        answer = {name: said[name] for name in ("decision", "reasons", "gates", "kind")}
        decided_at = datetime.fromisoformat(said["decided_at"])
    except (ValueError, KeyError, TypeError):
        return None  # a verdict that cannot be read is no verdict
    live = _promoted_at(registry, tenant)
    if answer["decision"] == "passed" and (live is None or live < decided_at):
        return answer  # the run that found it good died on its way to promotion
    return answer | {"decision": "already_decided"}


def _promoted_at(registry: Registry, tenant: UUID) -> datetime | None:
    try:
        live = registry.live(tenant)
    except ModelNotFound:
        return None
    return live.promoted_at if live else None
