"""Before a retraining: is there enough data, is it good, and has it moved since the live model learnt?"""

from datetime import timedelta
from typing import Any

from portfolio_twin.adapters import telemetry
from portfolio_twin.adapters.postgres.copy_reads import copy_data
from portfolio_twin.adapters.postgres.tenant_rows import has_more_rows, tenant_name
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.drift import catalogue_drift, mix_drift, moved
from portfolio_twin.domain.faults import clean, find_faults, null_shares
from portfolio_twin.domain.readiness import count, decide
from portfolio_twin.errors import BundleRejected, NotFound, UnreadableInput
from portfolio_twin.services.pipeline.run import Run

DRIFT_INPUTS = 10  # inputs named in the answer, the farthest first; the report in S3 has them all


def check_data(run: Run) -> dict[str, Any]:
    """The decision with its reasons and counts. Takes the tenant's lease first; writes nothing else on a skip.

    A tenant of more rows than a function can read is "large": a job decides instead, and what it decided is the answer
    when this is asked again.
    """
    with run.tenant.session() as session:
        if tenant_name(session) is None:  # deleted since it was listed: not even a lease may be left of it
            return {"decision": "skip", "reasons": ["there is no such tenant any more"], "counts": {}, "drift": None}
    if not run.hold_lease():
        reason = "another run holds this tenant's lease"
        return {"decision": "already_running", "reasons": [reason], "counts": {}, "drift": None}
    if decided := run.tenant.bucket.runs.check(run.version):
        return decided
    most = run.settings.large_tenant_rows
    with run.tenant.session() as session:
        if most and has_more_rows(session, most):
            return {"decision": "large", "reasons": [f"more than {most} rows"], "counts": {}, "drift": None}
        raw = copy_data(session, run.lookback_days)
    seconds = int(run.now.timestamp())
    faults, dataset = find_faults(raw, seconds), clean(raw, seconds)
    counts, live = count(dataset), run.tenant.bucket.models.serving()
    decision, reasons = decide(counts, faults, has_live=live is not None)
    drift = _drift(run, live.version, dataset) if live else None
    if drift and drift["moved"]:
        reasons.append(f"moved since the live model learnt: {', '.join(drift['moved'])}")
    report = {
        "decision": decision,
        "reasons": reasons,
        "counts": counts.to_json() | {f"bad_{name}": fault.rows for name, fault in faults.items() if fault.rows},
        "drift": drift,
    }
    if decision != "skip":
        nulls = {"null_shares": null_shares(raw.catalogue), "checked_at": run.now.isoformat()}
        run.tenant.bucket.runs.write_data_report(run.version, report | nulls)
    elif live:
        telemetry.model_age_at_skip((run.now - live.promoted_at) / timedelta(days=1))
    return report | {"drift": _shortened(drift)}


def _drift(run: Run, live_version: str, dataset: Dataset) -> dict[str, Any] | None:
    """Catalogue and new interactions against the live model's snapshot, for information; None when that is gone."""
    bucket = run.tenant.bucket
    try:
        learnt = bucket.snapshots.load_that_of(bucket.models.manifest(live_version))
    except (NotFound, BundleRejected, UnreadableInput):
        return None
    inputs = catalogue_drift(learnt.catalogue, dataset.catalogue)
    since = dataset.log.take(dataset.log.times > learnt.log.times.max(initial=0))
    mix = mix_drift(learnt.log, since)
    return {
        "against": learnt.snapshot_id,
        "moved": moved(inputs | {"interaction_mix": mix}),
        "interaction_mix": mix._asdict(),
        "inputs": {name: drift._asdict() for name, drift in inputs.items()},
    }


def _shortened(drift: dict[str, Any] | None) -> dict[str, Any] | None:
    """What fits between two states of the machine."""
    if drift is None:
        return None
    farthest = sorted(drift["inputs"], key=lambda name: -drift["inputs"][name]["psi"])[:DRIFT_INPUTS]
    return {
        **drift,
        "moved": drift["moved"][:DRIFT_INPUTS],
        "inputs": {name: drift["inputs"][name] for name in farthest},
    }
