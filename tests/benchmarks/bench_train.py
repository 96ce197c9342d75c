"""Training on 10 000 interactions: the tower for 100 epochs, the whole twin for 100 and for its usual 40."""

import time
from dataclasses import replace
from uuid import UUID

from functions.train.job import Job, fit
from functions.train.offline import freeze
from functions.train.progress import Progress
from infra.simulator import MARKETS, simulate
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.figures import publish

SEED = 7


def main() -> None:
    simulation = simulate(MARKETS["harborview"], SEED)
    snapshot = freeze(Dataset(simulation.catalogue, simulation.log), SEED)
    figures: dict[str, float] = {"interactions": float(len(simulation.log))}
    tower = replace(TwinConfig(), ranking=False, epochs=100)
    whole = replace(TwinConfig(), epochs=100)
    for name, config in (("tower_100_epochs", tower), ("twin_100_epochs", whole), ("twin_default", TwinConfig())):
        job = Job(tenant_id=UUID(int=1), version="20260101T000000Z-00000000", config=config)
        started, worked = time.perf_counter(), time.process_time()
        fit(job, snapshot, None, Progress())
        figures[f"{name}_s"] = time.perf_counter() - started
        figures[f"{name}_cpu_s"] = time.process_time() - worked
    publish("train", figures)


if __name__ == "__main__":
    main()
