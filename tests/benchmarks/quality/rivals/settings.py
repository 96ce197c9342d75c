"""Every rival with the settings that are tried for it on validation; the first of each is where the search starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec

from portfolio_twin.evaluation.scoring import Answer
from tests.benchmarks.quality.rivals import factors, neighbours, sums
from tests.benchmarks.quality.rivals.training_matrix import Known, Setting

PLACES = (4.0, 1.0, 2.0, 8.0, 16.0)
SHRINKAGES = (0.0, 2.0, 10.0, 30.0, 100.0, 1000.0)
SUM = {
    "place": PLACES, "steepness": (1.0, 0.25, 0.5, 2.0), "item_knn": (4.0, 2.0, 8.0, 16.0),
    "popularity": (0.1, 0.05, 0.2, 0.0), "shrinkage": SHRINKAGES,
}  # fmt: skip
EASE_RIDGES = (10.0, 1.0, 3.0, 30.0, 100.0, 300.0, 1000.0, 3000.0)
RECENT = {"days_90": (0.1, 0.05, 0.2, 0.3, 0.0), "days_365": (0.1, 0.05, 0.2, 0.3, 0.0)}
RIDGES = (0.01, 0.001, 0.1)


@dataclass(frozen=True)
class Rival:
    fit: Callable[[Known, Setting, int], Answer]
    options: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    seeded: bool = False  # whether another seed gives another model
    folds_in: bool = True  # whether it can rank for an investor whom it was not trained on
    package: str | None = None  # of the group `peers`
    properties_limit: int | None = None  # it holds a dense square of them

    @property
    def missing(self) -> bool:
        return self.package is not None and find_spec(self.package) is None


RIVALS: Mapping[str, Rival] = {
    "random": Rival(neighbours.random, seeded=True),
    "popularity": Rival(neighbours.popularity),
    "item_knn": Rival(neighbours.item_knn, {"neighbours": (1000.0, 100.0, 20.0), "shrinkage": SHRINKAGES}),
    "content_knn": Rival(neighbours.content_knn, {"place": PLACES}),
    "ease": Rival(neighbours.ease, {"ridge": EASE_RIDGES}, properties_limit=12_000),
    "untrained_sum": Rival(sums.untrained_sum, SUM),
    "untrained_sum_recent": Rival(sums.untrained_sum_recent, SUM | RECENT),
    "als": Rival(
        factors.als, {"factors": (32.0, 16.0, 64.0, 128.0), "ridge": RIDGES, "alpha": (10.0, 1.0, 40.0)},
        seeded=True, package="implicit",
    ),
    "bpr": Rival(
        factors.bpr,
        {
            "epochs": (300.0, 30.0, 1000.0), "factors": (128.0, 16.0, 64.0), "rate": (0.05, 0.1),
            "ridge": (0.05, 0.1, 0.01, 0.001),
        },
        seeded=True, folds_in=False, package="implicit",
    ),
    "lightfm": Rival(
        factors.lightfm,
        {
            "epochs": (30.0, 10.0, 60.0), "factors": (64.0, 32.0, 128.0), "rate": (0.05, 0.02),
            "ridge": (1e-4, 1e-5, 1e-3),
        },
        seeded=True, folds_in=False, package="lightfm",
    ),
}  # fmt: skip
