"""Before a retraining: is there enough data, is it good, and has it moved since the live model learnt?"""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from portfolio_twin.adapters.postgres.database import Database
from portfolio_twin.adapters.s3.registry import Registry
from portfolio_twin.domain.drift import catalogue_drift, mix_drift, moved
from portfolio_twin.domain.faults import clean, find_faults, null_shares
from portfolio_twin.domain.interactions import InteractionLog
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.domain.readiness import count, decide
from portfolio_twin.errors import BundleRejected, NotFound, UnreadableInput
from portfolio_twin.services.pipeline.learnt_from import snapshot_of
from portfolio_twin.services.pipeline.read_data import read_data

DRIFT_TOLD = 10  # inputs named in the answer, the farthest first; the report in S3 has them all


def check_data(
    registry: Registry,
    database: Database,
    tenant: UUID,
    version: str,
    *,
    holder: str,
    lease_seconds: float,
    lookback_days: int | None,
    now: datetime,
) -> dict[str, Any]:
    """The decision with its reasons and counts. Takes the tenant's lease first; writes nothing else on a skip."""
    if not registry.acquire_lease(tenant, holder, lease_seconds):
        reason = "another run holds this tenant's lease"
        return {"decision": "already_running", "reasons": [reason], "counts": {}, "drift": None}
    raw_catalogue, raw_log = read_data(database, tenant, lookback_days)
    seconds = int(now.timestamp())
    faults = find_faults(raw_catalogue, raw_log, seconds)
    catalogue, log = clean(raw_catalogue, raw_log, seconds)
    counts, live = count(catalogue, log), registry.live(tenant)
    decision, reasons = decide(counts, faults, has_live=live is not None)
    drift = _drift(registry, tenant, live.version, catalogue, log) if live else None
    if drift and drift["moved"]:
        reasons.append(f"moved since the live model learnt: {', '.join(drift['moved'])}")
    report = {
        "decision": decision,
        "reasons": reasons,
        "counts": counts.to_json() | {f"bad_{name}": fault.rows for name, fault in faults.items() if fault.rows},
        "drift": drift,
    }
    if decision != "skip":
        nulls = {"null_shares": null_shares(raw_catalogue), "checked_at": now.isoformat()}
        registry.write(f"{tenant}/training/{version}/data_report.json", json.dumps(report | nulls, indent=1).encode())
    return report | {"drift": _shortened(drift)}


def _drift(
    registry: Registry, tenant: UUID, version: str, catalogue: Catalogue, log: InteractionLog
) -> dict[str, Any] | None:
    """Catalogue and new interactions against the live model's snapshot; None when that is gone. Told, never decides."""
    try:
        learnt = snapshot_of(registry, tenant, version)
    except (NotFound, BundleRejected, UnreadableInput):
        return None
    inputs = catalogue_drift(learnt.catalogue, catalogue)
    since = log.take(log.times > learnt.log.times.max(initial=0))
    mix = mix_drift(learnt.log, since)
    return {
        "against": learnt.snapshot_id,
        "moved": moved(inputs | {"interaction_mix": mix}),
        "interaction_mix": mix.to_json(),
        "inputs": {name: drift.to_json() for name, drift in inputs.items()},
    }


def _shortened(drift: dict[str, Any] | None) -> dict[str, Any] | None:
    """What fits between two states of the machine."""
    if drift is None:
        return None
    farthest = sorted(drift["inputs"], key=lambda name: -drift["inputs"][name]["psi"])[:DRIFT_TOLD]
    return {
        **drift,
        "moved": drift["moved"][:DRIFT_TOLD],
        "inputs": {name: drift["inputs"][name] for name in farthest},
    }
