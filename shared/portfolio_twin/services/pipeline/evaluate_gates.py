"""Whether a bundle may serve: loaded with every check, measured anew on frozen data, its verdict kept."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from portfolio_twin.errors import LeaseLost, ModelNotFound
from portfolio_twin.evaluation.gating.gates import Gate, verdict
from portfolio_twin.services.pipeline.deploy_model import digest_of, unpublished_manifest
from portfolio_twin.services.pipeline.judge_bundle import Judgement, judge_bundle
from portfolio_twin.services.pipeline.run import Run


def evaluate_gates(run: Run) -> dict[str, Any]:
    """The decision with its reasons, the table of gates, and what is to be made instead of a first model that is
    rejected. Raises LeaseLost when a retraining lost its tenant.
    """
    if not run.hold_lease():
        if run.entry == "retrain":
            raise LeaseLost("another run took this tenant's lease during training")
        return _answer("already_running", ["another run holds this tenant's lease"])
    manifest = unpublished_manifest(run)
    digest = digest_of(manifest) if manifest else None
    if run.entry == "upload" and (earlier := _earlier(run, digest)):
        return earlier
    judgement = judge_bundle(run)
    reasons = verdict(judgement.gates)
    answer = _answer("rejected" if reasons else "passed", reasons + judgement.remarks, judgement)
    answer["instead"] = "content" if reasons and _leaves_nothing(run) else None
    kept = {
        "manifest_sha256": digest,
        "decided_at": run.now.isoformat(),
        "measured": judgement.measured,
        "instead_of": _instead_of(run),
    }
    run.tenant.bucket.runs.write_verdict(run.version, run.entry, answer | kept)
    return answer


def _answer(decision: str, reasons: list[str], judgement: Judgement | None = None) -> dict[str, Any]:
    gates: Mapping[str, Gate] = judgement.gates if judgement else {}
    return {
        "decision": decision,
        "reasons": reasons,
        "gates": {name: gate.to_json() for name, gate in gates.items()},
        "kind": judgement.kind if judgement else None,
        "instead": None,
    }


def _leaves_nothing(run: Run) -> bool:
    """Whether without this model the tenant has none, and one that learns no behaviour can still be made."""
    if run.entry == "upload" or run.model_kind == "content":
        return False
    try:
        return run.tenant.bucket.models.serving() is None
    except ModelNotFound:  # there is a pointer, though nobody can read it
        return False


def _instead_of(run: Run) -> list[str] | None:
    """Why the model was rejected in whose stead this one is: its verdict makes way for this one's."""
    if run.model_kind != "content":
        return None
    earlier = run.tenant.bucket.runs.verdict(run.version, run.entry) or {}
    return earlier.get("reasons") if earlier.get("instead") else earlier.get("instead_of")


def _earlier(run: Run, digest: str | None) -> dict[str, Any] | None:
    """The answer to an upload event that comes again; None when these very files were never judged."""
    earlier = run.tenant.bucket.runs.verdict(run.version, run.entry)
    if earlier is None or earlier.get("manifest_sha256") != digest:
        return None
    try:
        answer = {name: earlier[name] for name in ("decision", "reasons", "gates", "kind")}
        answer["instead"] = None  # of an upload nothing is
        decided_at = datetime.fromisoformat(earlier["decided_at"])
    except (ValueError, KeyError, TypeError):
        return None  # a verdict that cannot be read is no verdict
    promoted_at = _promoted_at(run)
    if answer["decision"] == "passed" and (promoted_at is None or promoted_at < decided_at):
        return answer  # the run that let it pass died on its way to promotion
    return answer | {"decision": "already_decided"}


def _promoted_at(run: Run) -> datetime | None:
    try:
        live = run.tenant.bucket.models.live()
    except ModelNotFound:
        return None
    return live.promoted_at if live else None
