"""One tenant through both machines on this machine: the seconds of each step, and the bytes that it leaves."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from infra.local.cloud.engine import LocalPipeline
from infra.local.system import LocalSystem
from portfolio_twin.adapters.qdrant.points import COLLECTIONS
from portfolio_twin.adapters.s3 import keys
from portfolio_twin.adapters.tenant import Tenant
from portfolio_twin.services.pipeline.machine_input import list_for_retrain
from tests.benchmarks.measure.markets import simulated
from tests.benchmarks.measure.systems import temporary_system
from tests.benchmarks.measure.tenants import store_facts

SAMPLE = 500  # points whose payload is weighed
VECTOR_BYTES = 4  # a float of a vector


def measure() -> dict[str, Any]:
    """By name: rows, seconds.STATE, bytes.KIND, and the bytes of a point and of a line of the list."""
    dataset = simulated()
    with temporary_system() as system:
        tenant = system.tenant(uuid4())
        store_facts(tenant, dataset)
        with LocalPipeline(system.s3) as pipeline:
            run = pipeline.retrain(tenant_ids=[str(tenant.tenant_id)]).tenants[str(tenant.tenant_id)]
        if run.outcome != "Promoted":
            raise SystemExit(f"the measured tenant was not promoted: {run.outcome}, {run.details}")
        return {
            "properties": len(dataset.catalogue),
            "interactions": len(dataset.log),
            "points": {kind: tenant.index(run.version).count(kind) for kind in COLLECTIONS},
            "seconds": dict(run.seconds),
            "bytes": _bytes(tenant),
            "bytes_of_a_point": _point_bytes(tenant, run.version),
            "bytes_of_a_line": _line_bytes(system, tenant),
        }


def _bytes(tenant: Tenant) -> dict[str, int]:
    """What one retraining leaves in S3."""
    sizes = tenant.bucket.objects.files(keys.roots(tenant.tenant_id)[0])
    kinds = {name.partition("/")[0] for name in sizes if "/" in name}
    return {kind: sum(size for name, size in sizes.items() if name.startswith(f"{kind}/")) for kind in sorted(kinds)}


def _point_bytes(tenant: Tenant, version: str) -> float:
    """A property's vector and its payload as JSON; what the engine adds is not in it."""
    index = tenant.index(version)
    ids = [property_id for _, property_id in zip(range(SAMPLE), index.property_ids(), strict=False)]
    hits = index.get_properties(ids).values()
    return sum(len(json.dumps(dict(hit.payload), default=str)) + VECTOR_BYTES * len(hit.vector) for hit in hits
               if hit.vector is not None) / len(hits)  # fmt: skip


def _line_bytes(system: LocalSystem, tenant: Tenant) -> int:
    branches = list_for_retrain(system.stores, {"tenant_ids": [str(tenant.tenant_id)]}, datetime.now(UTC))["tenants"]
    return len(json.dumps(branches, separators=(",", ":")))
