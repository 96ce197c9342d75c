"""How one investor buys, in one figure each; NaN where too little is known."""

from collections.abc import Callable, Mapping

import numpy as np

from portfolio_twin.domain.arrays import Floats
from tests.benchmarks.realism.purchases import Purchases

WEEK_DAYS = 7.0


def step_km(bought: Purchases) -> float:
    """From one purchase to the next, the median."""
    return _median(np.hypot(*np.diff(bought.km, axis=0).T))


def nearest_km(bought: Purchases) -> float:
    """From a purchase to the nearest earlier one, the median."""
    apart = np.hypot(*(bought.km[:, None] - bought.km[None]).transpose(2, 0, 1))  # (k, k)
    earlier = np.tri(len(bought), k=-1, dtype=bool)
    return _median(np.fmin.reduce(np.where(earlier, apart, np.nan), axis=1))


def price_spread(bought: Purchases) -> float:
    """The standard deviation of the log price."""
    known = bought.log_price[~np.isnan(bought.log_price)]
    return float(known.std(ddof=1)) if len(known) > 1 else np.nan


def days_between(bought: Purchases) -> float:
    """From one purchase to the next, the mean."""
    return float(np.diff(bought.days).mean())


def same_category(bought: Purchases) -> float:
    """The share of the pairs of purchases that agree: Herfindahl's index, without its bias where purchases are few."""
    known = bought.category[~np.isnan(bought.category)]
    if len(known) < 2:
        return np.nan
    counts = np.unique(known, return_counts=True)[1]
    return float((counts * (counts - 1)).sum() / (len(known) * (len(known) - 1)))


def within_a_week(bought: Purchases) -> float:
    """The share of the purchases but the first that follow another within a week."""
    return float((np.diff(bought.days) < WEEK_DAYS).mean())


Habit = Callable[[Purchases], float]
SIZES: Mapping[str, Habit] = {f.__name__: f for f in (step_km, nearest_km, price_spread, days_between)}
SHARES: Mapping[str, Habit] = {f.__name__: f for f in (same_category, within_a_week)}


def _median(values: Floats) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan
