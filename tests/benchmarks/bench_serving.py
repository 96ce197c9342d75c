"""Each route inside its warm handler, from API Gateway's event to its answer; Qdrant's time apart."""

import json
import subprocess
import sys
from dataclasses import asdict

import numpy as np

from portfolio_twin.domain.interactions import KIND_CODE
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.systems import temporary_system
from tests.benchmarks.measure.tenants import LiveTenant, live_tenant
from tests.benchmarks.serving.forward import measure_forward
from tests.benchmarks.serving.requests import Asked

FUNCTIONS = ("predict", "recommend", "lookalike")
ROWS = 2000
SETTINGS = {
    "LIVE_TTL_SECONDS": "30",
    "POWERTOOLS_METRICS_DISABLED": "false",
    "OPENBLAS_NUM_THREADS": "1",
}  # as deployed
SAME = {  # the names that the product's figures go by
    "batch_10000_ms": "batch_10000_p50_ms", "recommend_10_ms": "recommend_10_p50_ms",
    "recommend_100_ms": "recommend_100_p50_ms", "recommend_20_plain_ms": "recommend_20_plain_p50_ms",
}  # fmt: skip


def main() -> None:
    with temporary_system(**SETTINGS) as system:
        live = live_tenant(system)
        figures = {key: value for name in FUNCTIONS for key, value in inside(name, asked_by(live)).items()}
        figures |= measure_forward(live.twin)
    figures |= {name: figures[measured] for name, measured in SAME.items()}
    publish("serving", figures | {"rss_mb": max(figures[f"{name}_rss_mb"] for name in FUNCTIONS)})


def asked_by(live: LiveTenant) -> Asked:
    """The investor with the median number of dealings, about a property that they have not touched."""
    log, catalogue = live.dataset.log, live.dataset.catalogue
    users, counts = np.unique(log.users[log.kinds != KIND_CODE["view"]], return_counts=True)
    user = int(users[np.argsort(counts, kind="stable")[len(users) // 2]])
    theirs = set(log.properties[log.users == user].tolist())
    property_id = next(name for name in catalogue.ids.tolist() if name not in theirs)
    rows = [catalogue.row(i) for i in range(min(ROWS, len(catalogue)))]
    embedding = live.twin.property_vectors[0].tolist()
    return Asked(str(live.tenant.tenant_id), user, property_id, rows, embedding)


def inside(name: str, asked: Asked) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.benchmarks.serving.inside", name]
    done = subprocess.run(command, input=json.dumps(asdict(asked)), text=True, stdout=subprocess.PIPE, check=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
