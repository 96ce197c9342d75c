"""ListTenants: which tenants and versions this run is about; and at its end, how many of them ended how."""

from datetime import UTC, datetime
from typing import Any

from portfolio_twin.adapters.tenant import Stores
from portfolio_twin.entrypoints.step import Event, step
from portfolio_twin.services.pipeline.machine_input import list_for_import, list_for_reindex, list_for_retrain
from portfolio_twin.services.tenant_runs import digest, keep_list


@step()
def lambda_handler(stores: Stores, event: Event) -> dict[str, Any]:
    if event["purpose"] == "import":
        return list_for_import(stores, event["input"])
    if event["purpose"] == "digest":
        return digest(stores, event["manifest"])
    if event["purpose"] == "reindex":
        return keep_list(stores, event["execution_name"], list_for_reindex(stores, event["input"]))
    return keep_list(stores, event["execution_name"], list_for_retrain(stores, event["input"], datetime.now(UTC)))
