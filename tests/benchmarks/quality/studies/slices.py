"""Where a model is good and where it is not: parts of the test investors."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.evaluate import nearness_ranks
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.slices import by_history, by_likeness, by_type
from portfolio_twin.model.features import KM_PER_DEGREE
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.ranks import group

FEWEST = 10  # investors in a slice worth a line
FAR_KM = 0.15


def slices(market: Market, ranks: Mapping[str, Numbers]) -> dict[str, Any]:
    """Each slice of each kind: the number of investors and the figures of every model on them."""
    test, catalogue = market.test, market.snapshot.catalogue
    return {
        "investors_trained_on_by_interactions": by_part(ranks, by_history(test.histories.lengths)),
        "targets_by_likeness_to_the_history": by_part(ranks, by_likeness(nearness_ranks(catalogue, test))),
        "targets_by_property_type": by_part(ranks, by_type(catalogue, test.targets)),
    }


def far(catalogue: Catalogue, queries: Queries) -> Mask:
    """(q,) whether the target is more than FAR_KM from all that the investor had wanted; both sides must be located."""
    wanted = queries.histories.take(queries.histories.weights > 0)
    targets = queries.targets[wanted.owners]
    lat, lon = catalogue.columns["lat"], catalogue.columns["lon"]
    north = lat[wanted.properties] - lat[targets]
    east = (lon[wanted.properties] - lon[targets]) * np.cos(np.radians(lat[targets]))
    nearest = np.full(wanted.count, np.nan)
    np.fmin.at(nearest, wanted.owners, np.hypot(north, east) * KM_PER_DEGREE)
    return np.asarray(nearest > FAR_KM)


def by_part(ranks: Mapping[str, Numbers], parts: Mapping[str, Mask]) -> dict[str, Any]:
    return {name: group(ranks, rows) for name, rows in parts.items() if rows.sum() >= FEWEST}
