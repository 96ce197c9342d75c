"""Markets of any size: a simulated one as it is, or copies of its properties with a jitter, and investors near home."""

import numpy as np

from infra.simulator import MARKETS, simulate
from portfolio_twin.domain.arrays import DAY_SECONDS
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, InteractionLog
from portfolio_twin.domain.properties import Catalogue

SEED = 7
DEALINGS = 8  # of an investor, on average
SPREAD = 30  # properties along the line from south to north that an investor looks at on either side of home
YEARS = 2
KINDS = {"view": 0.5, "outreach": 0.2, "deal": 0.1, "like": 0.15, "dislike": 0.05}
START = 1_700_000_000
EXACT = ("bedrooms", "bathrooms", "year_built", "renovation_needed")  # in these a jitter would make no sense
DEGREES = 0.05


def simulated(name: str = "harborview") -> Dataset:
    simulation = simulate(MARKETS[name], SEED)
    return Dataset(simulation.catalogue, simulation.log)


def multiplied(properties: int, interactions: int) -> Dataset:
    """In seconds for a million: the simulator weighs every investor against every property."""
    rng = np.random.default_rng(SEED)
    catalogue = _copies(simulate(MARKETS["harborview"], SEED).catalogue, properties, rng)
    investors = max(interactions // DEALINGS, 2)
    users = np.sort(rng.integers(investors, size=interactions))
    homes = rng.integers(properties, size=investors)
    rows = np.clip(homes[users] + np.round(rng.normal(0, SPREAD, interactions)).astype(np.int64), 0, properties - 1)
    kinds = rng.choice([KIND_CODE[name] for name in KINDS], size=interactions, p=list(KINDS.values()))
    times = START + rng.integers(YEARS * 365 * DAY_SECONDS, size=interactions)
    log = InteractionLog(users + 1, catalogue.ids[rows], kinds.astype(np.int8), times)
    return Dataset(catalogue, log).in_time_order()


def _copies(base: Catalogue, count: int, rng: np.random.Generator) -> Catalogue:
    """From south to north, so that neighbours in the list are neighbours in the market."""
    drawn = base.take(rng.integers(len(base), size=count))
    columns = dict(drawn.columns)
    for name, column in columns.items():
        if name in ("lat", "lon"):
            columns[name] = column + rng.normal(0, DEGREES, count)
        elif column.dtype != object and name not in EXACT:
            columns[name] = column * rng.uniform(0.97, 1.03, count)
    for share in ("condition_score", "confidence"):
        columns[share] = np.clip(columns[share], 0, 1)
    order = np.argsort(columns["lat"], kind="stable")  # what has no latitude comes last
    ids = np.array([f"B{i:07d}" for i in range(count)], dtype=object)
    return Catalogue(ids, {name: column[order] for name, column in columns.items()})
