"""Where a model is good and where it is not: parts of the test investors."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from portfolio_twin.model.evaluation import Queries
from tests.benchmarks.quality.known import Known, Numbers
from tests.benchmarks.quality.market import Market
from tests.benchmarks.quality.neighbours import nearness
from tests.benchmarks.quality.ranking import Mask, figures, place

FEWEST = 10  # investors in a slice worth a line
LENGTHS = {"0": (0, 0), "1": (1, 1), "2": (2, 2), "3-5": (3, 5), "6+": (6, np.inf)}


def slices(market: Market, known: Known, ranks: Mapping[str, Numbers]) -> dict[str, Any]:
    """Each slice of each kind: the number of investors and the figures of every model on them."""
    return {
        "investors_trained_on_by_interactions": told(ranks, by_history(market.test)),
        "targets_by_likeness_to_the_history": told(ranks, by_likeness(known, market.test)),
        "targets_by_property_type": told(ranks, by_type(market)),
    }


def told(ranks: Mapping[str, Numbers], parts: Mapping[str, Mask]) -> dict[str, Any]:
    return {
        name: {"users": int(rows.sum()), "models": {model: figures(found, rows) for model, found in ranks.items()}}
        for name, rows in parts.items()
        if rows.sum() >= FEWEST
    }


def by_history(queries: Queries) -> dict[str, Mask]:
    """By how many properties the investor had dealt with."""
    lengths = queries.histories.lengths
    return {name: (lengths >= low) & (lengths <= high) for name, (low, high) in LENGTHS.items()}


def by_likeness(known: Known, queries: Queries) -> dict[str, Mask]:
    """The half of the targets that stand higher by nearness to the history in standardised features, and the other."""
    X = known.features(1.0)
    places = place(lambda asked: nearness(X, asked.histories), queries, len(X))
    middle = np.median(places) if len(places) else 0
    return {"like": places <= middle, "unlike": places > middle}


def by_type(market: Market) -> dict[str, Mask]:
    types = market.snapshot.catalogue.columns["property_type"][market.test.targets]
    names = sorted({name for name in types if name is not None})
    return {name: np.array([value == name for value in types], dtype=bool) for name in names}
