"""One run of a machine over many tenants: the list that it works off, and one digest of how they ended."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from portfolio_twin.adapters.tenant import Stores

NAMED = 100  # tenants that the digest names, of those that failed or were rejected
TOLD = ("Failed", "Rejected")


def keep_list(stores: Stores, execution: str, listed: Mapping[str, Any]) -> dict[str, Any]:
    """The branches go to S3, where a Map finds them however many they are; between two states goes where they lie."""
    branches = listed["tenants"]
    return {
        "list": stores.bucket.machine_runs.write_list(execution, branches),
        "count": len(branches),
        "settings": listed["settings"],
    }


def digest(stores: Stores, manifest: str) -> dict[str, Any]:
    """How many tenants ended how, and the first of those that somebody should look at."""
    outcomes: Counter[str] = Counter()
    named: list[dict[str, Any]] = []
    for given, answer in stores.bucket.machine_runs.ended(manifest):
        outcome = "Failed" if answer is None else str(answer["outcome"])
        outcomes[outcome] += 1
        if outcome in TOLD and len(named) < NAMED:
            named.append({"tenant_id": given.get("tenant_id"), "version": given.get("version"), "outcome": outcome})
    return {"outcomes": dict(outcomes), "failed": outcomes["Failed"], "named": named, "manifest": manifest}
