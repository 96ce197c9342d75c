"""Drawing the atlas, what it keeps of the nearness in the embedding, and one investor's view of a large one."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.manifold import TSNE, trustworthiness
from threadpoolctl import threadpool_limits

from functions.train.assemble import Design
from functions.train.atlas import draw_atlas, two_components
from functions.train.learn import Learner
from functions.train.offline import freeze
from functions.train.training_data import TrainingData
from infra.simulator import MARKETS, simulate
from portfolio_twin.domain.arrays import Floats, Matrix
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.model.browse.atlas import on_grid, pack_atlas, place
from portfolio_twin.model.config import TwinConfig
from tests.benchmarks.measure.clock import milliseconds
from tests.benchmarks.measure.figures import publish

SEED, LARGE = 7, 100_000


def timed(vectors: Matrix, **given: Any) -> tuple[float, Floats]:
    """Seconds of the processor, and the places."""
    started = time.process_time()
    with threadpool_limits(limits=1):
        points = TSNE(perplexity=30.0, init="pca", random_state=SEED, **given).fit_transform(vectors)
    return time.process_time() - started, points


def main() -> None:
    simulation = simulate(MARKETS["harborview"], SEED)
    dataset, config = Dataset(simulation.catalogue, simulation.log), replace(TwinConfig(), ranking=False)
    data = TrainingData.of(freeze(dataset, SEED), config)
    tower = Learner(Design("bench", "twin", config)).settle(data).tower.encoder
    vectors = tower(data.X)  # (n, d)
    n = len(vectors)
    figures: dict[str, float] = {"properties": n}
    timed(vectors[:50], max_iter=250)  # imports
    for iterations in (250, 500, 1000):
        seconds, points = timed(vectors, max_iter=iterations)
        figures[f"tsne_{iterations}_cpu_s"] = seconds
        figures[f"tsne_{iterations}_trust"] = trustworthiness(vectors, points, n_neighbors=10)
    figures["components_trust"] = trustworthiness(vectors, two_components(vectors), n_neighbors=10)
    half = draw_atlas(vectors, SEED, landmarks=n // 2)
    figures["half_placed_trust"] = half.trustworthiness_at_10 or 0.0
    figures["file_kb"] = len(pack_atlas("v", dataset.catalogue, half)) / 1000
    large = np.tile(vectors, (LARGE // n + 1, 1))[:LARGE]
    known = on_grid(np.random.default_rng(SEED).normal(size=(LARGE, 2)))
    figures["place_one_of_100000_ms"] = milliseconds(lambda: place(vectors[:1], large, known), 20, 2)["p50_ms"]
    figures["affinity_of_100000_ms"] = milliseconds(lambda: 1 / (1 + np.exp(-(large @ vectors[0]))), 20, 2)["p50_ms"]
    publish("atlas", figures)


if __name__ == "__main__":
    main()
