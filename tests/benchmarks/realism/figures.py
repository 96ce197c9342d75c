"""The habits of all investors of a market, beside those of chance: so markets of any extent, mix and prices compare."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Floats
from portfolio_twin.domain.dataset import Dataset
from tests.benchmarks.realism.habits import SHARES, SIZES, Habit
from tests.benchmarks.realism.purchases import Fields, Purchases, by_chance, by_investor

FEWEST = 3  # purchases of an investor who is measured
ROUNDS = 10  # of purchases by chance
SEED = 0
BUYERS = {"1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6+": (6, np.inf)}
QUARTILES = (0.25, 0.5, 0.75)


def measure(draws: Sequence[Dataset], fields: Fields) -> dict[str, Any]:
    """Of one market, its draws taken together: all that JSON holds."""
    rng = np.random.default_rng(SEED)
    everybody, measured, random = [], [], []
    for dataset in draws:
        investors = list(by_investor(dataset, fields, rng))
        often = [each for each in investors if len(each) >= FEWEST]
        everybody += investors
        measured += often
        random += [each for _ in range(ROUNDS) for each in by_chance(dataset, fields, often, rng)]
    deals = np.array([len(each) for each in everybody])
    return {
        "investors": len(everybody), "measured": len(measured),
        "buyers": {name: float(((deals >= low) & (deals <= high)).mean()) for name, (low, high) in BUYERS.items()},
        **{name: _size(_each(habit, measured), _each(habit, random)) for name, habit in SIZES.items()},
        **{name: _share(_each(habit, measured), _each(habit, random)) for name, habit in SHARES.items()},
    }  # fmt: skip


def _each(habit: Habit, investors: list[Purchases]) -> Floats:
    values = np.array([habit(each) for each in investors])
    return np.asarray(values[~np.isnan(values)])


def _size(real: Floats, random: Floats) -> dict[str, Any]:
    quartiles, chance = _quartiles(real), _quartiles(random)[1]
    relative = [value / chance if chance else np.nan for value in quartiles]
    return {"quartiles": quartiles, "chance": chance, "relative": relative}


def _share(real: Floats, random: Floats) -> dict[str, Any]:
    """`beyond`: 0 as by chance, 1 always."""
    mean, chance = (float(values.mean()) if len(values) else np.nan for values in (real, random))
    beyond = (mean - chance) / (1 - chance) if chance < 1 else np.nan
    return {"quartiles": _quartiles(real), "mean": mean, "chance": chance, "beyond": beyond}


def _quartiles(values: Floats) -> list[float]:
    return np.quantile(values, QUARTILES).tolist() if len(values) else [np.nan] * len(QUARTILES)
