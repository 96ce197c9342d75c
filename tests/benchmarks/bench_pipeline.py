"""The whole retrain machine on 10 000 interactions, by state: one tenant alone, and two at once."""

import time
from collections.abc import Sequence
from uuid import UUID, uuid4

from infra.local.cloud.engine import LocalPipeline
from infra.local.system import LocalSystem
from portfolio_twin.domain.dataset import Dataset
from tests.benchmarks.measure.figures import publish
from tests.benchmarks.measure.markets import simulated
from tests.benchmarks.measure.systems import temporary_system
from tests.benchmarks.measure.tenants import store_facts

MARKETS = ("harborview", "mesa")  # of about 10 000 interactions each


def main() -> None:
    with temporary_system() as system:
        alone = retrained(system, [stored(system, simulated(MARKETS[0]))], "alone_")
        together = retrained(system, [stored(system, simulated(name)) for name in MARKETS], "")
    publish("pipeline", alone | together)


def stored(system: LocalSystem, dataset: Dataset) -> UUID:
    tenant = system.tenant(uuid4())
    store_facts(tenant, dataset)
    return tenant.tenant_id


def retrained(system: LocalSystem, tenants: Sequence[UUID], prefix: str) -> dict[str, float]:
    """Seconds of the whole execution, and of each state in the branch that took longest in it."""
    with LocalPipeline(system.s3) as pipeline:
        started = time.perf_counter()
        execution = pipeline.retrain(tenant_ids=[str(tenant_id) for tenant_id in tenants])
        seconds = time.perf_counter() - started
    runs = execution.tenants.values()
    if {run.outcome for run in runs} != {"Promoted"}:
        raise SystemExit(f"not every tenant was promoted: {[(run.outcome, run.details) for run in runs]}")
    states = {state for run in runs for state in run.seconds}
    longest = {state: max(run.seconds.get(state, 0.0) for run in runs) for state in states}
    by_state = {f"{prefix}{state}_s": taken for state, taken in sorted(longest.items(), key=lambda item: -item[1])}
    return {f"{prefix}retrain_s": seconds} | by_state


if __name__ == "__main__":
    main()
