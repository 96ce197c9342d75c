"""Where a model is good and where it is not: parts of the test investors."""

from collections.abc import Mapping
from typing import Any

from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.evaluation.evaluate import nearness_ranks
from portfolio_twin.evaluation.slices import by_history, by_likeness, by_type
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.ranks import group

FEWEST = 10  # investors in a slice worth a line


def slices(market: Market, ranks: Mapping[str, Numbers]) -> dict[str, Any]:
    """Each slice of each kind: the number of investors and the figures of every model on them."""
    test, catalogue = market.test, market.snapshot.catalogue
    return {
        "investors_trained_on_by_interactions": by_part(ranks, by_history(test.histories.lengths)),
        "targets_by_likeness_to_the_history": by_part(ranks, by_likeness(nearness_ranks(catalogue, test))),
        "targets_by_property_type": by_part(ranks, by_type(catalogue, test.targets)),
    }


def by_part(ranks: Mapping[str, Numbers], parts: Mapping[str, Mask]) -> dict[str, Any]:
    return {name: group(ranks, rows) for name, rows in parts.items() if rows.sum() >= FEWEST}
