"""Training on 10 000 interactions, all three learnings: the tower alone for 100 epochs, the twin for 100 and for 40."""

import time
from dataclasses import replace

from functions.train.assemble import Design
from functions.train.learn import Learner, fit, learn_everything
from functions.train.offline import freeze
from functions.train.training_data import TrainingData
from infra.simulator import MARKETS, simulate
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.figures import publish

SEED = 7


def main() -> None:
    simulation = simulate(MARKETS["harborview"], SEED)
    snapshot = freeze(Dataset(simulation.catalogue, simulation.log), SEED)
    figures: dict[str, float] = {"interactions": float(len(simulation.log))}
    tower = replace(TwinConfig(), ranking=False, epochs=100)
    whole = replace(TwinConfig(), epochs=100)
    for name, config in (("tower_100_epochs", tower), ("twin_100_epochs", whole), ("twin_default", TwinConfig())):
        learner, data = Learner(Design("bench", "twin", config)), TrainingData.of(snapshot, config)
        started, worked = time.perf_counter(), time.process_time()
        learn_everything(learner, data, fit(learner, data, snapshot.holdout))
        figures[f"{name}_s"] = time.perf_counter() - started
        figures[f"{name}_cpu_s"] = time.process_time() - worked
    publish("train", figures)


if __name__ == "__main__":
    main()
