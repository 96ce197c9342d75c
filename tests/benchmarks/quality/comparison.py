"""The comparison itself: every model fitted, every target placed, for each seed."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from portfolio_twin.domain.arrays import Floats, Numbers
from portfolio_twin.evaluation import metrics
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import in_use
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.models import Chosen, Say, fit_all, prefixed, seeded
from tests.benchmarks.quality.output import JUDGED
from tests.benchmarks.quality.ranks import figures, gain, place
from tests.benchmarks.quality.rivals.settings import RIVALS
from tests.benchmarks.quality.rivals.tuning import choose
from tests.benchmarks.quality.studies.confidence import Figures, confidence

OURS = "twin"

Probabilities = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Placed:
    """Of each model the ranks of the targets (seeds, q) by each protocol."""

    everything: Mapping[str, Numbers]
    touched: Mapping[str, Numbers]  # among the properties with any interaction
    still_to_be_had: Mapping[str, Numbers]  # empty where that makes no sense
    seconds: Mapping[str, float]  # mean over the seeds
    probabilities: Mapping[str, list[Probabilities]]  # of the product's models, for each seed
    confidences: Mapping[str, list[Figures]]  # of every twin, for each seed


def choose_all(names: Sequence[str], market: Market, say: Say) -> Chosen:
    """The setting of each rival, chosen on validation after learning from what the twin learns from."""
    known = market.known(validation_too=False)
    return {
        name: choose(RIVALS[name], known, market.validation, say=prefixed(say, f"{name} "))
        for name in names
        if name in RIVALS
    }


def compare(names: Sequence[str], market: Market, chosen: Chosen, *, seeds: int, say: Say) -> Placed:
    known = market.known(validation_too=True)
    everything, touched, open_, seconds, judged, sure = (defaultdict[str, list[Any]](list) for _ in range(6))
    for seed in range(seeds):
        wanted = [name for name in names if seed == 0 or seeded(name)]
        tell = prefixed(say, f"seed {seed + 1}/{seeds}: ")
        for name, model in fit_all(wanted, market.snapshot, known, chosen=chosen, seed=seed, say=tell).items():
            everything[name].append(place(model.answer, market.test, market.size))
            touched[name].append(place(model.answer, market.test, market.size, market.touched))
            if market.still_to_be_had.makes_sense:
                open_[name].append(place(model.answer, market.test, market.size, market.still_to_be_had))
            seconds[name].append(model.seconds)
            if model.affinities:
                judged[name].append(probabilities(model.affinities, market))
            if model.twin:
                sure[name].append(confidence(model.twin, market))
    return Placed(
        everything=_stacked(names, everything),
        touched=_stacked(names, touched),
        still_to_be_had=_stacked(names, open_),
        seconds={name: float(np.mean(seconds[name])) for name in names},
        probabilities=judged,
        confidences=sure,
    )


def _stacked(names: Sequence[str], ranks: Mapping[str, list[Numbers]]) -> dict[str, Numbers]:
    return {name: np.stack(ranks[name]) for name in names if name in ranks}


def probabilities(affinities: Callable[[Queries], Floats], market: Market) -> Probabilities:
    """AUC, ECE and log loss of the affinity on the test pairs, and the AUC against properties in use alone; also with
    only the latest 0, 1 and 2 of each history known.
    """
    test = market.test
    asked = {"everything known": test} | {f"{k} known": test.shortened(k) for k in (0, 1, 2)}
    alive, labels, measured = (test.labels == 1) | in_use(market.snapshot.dataset, test), test.labels, {}
    for name, queries in asked.items():
        affinity = affinities(queries)
        measured[name] = {
            "auc": metrics.auc(labels, affinity), "ece": metrics.ece(labels, affinity),
            "log_loss": metrics.log_loss(labels, affinity), "auc_in_use": metrics.auc(labels[alive], affinity[alive]),
        }  # fmt: skip
    return measured


def over_seeds(each: Sequence[Probabilities]) -> dict[str, Any]:
    """Of each figure the mean over the seeds and the seeds themselves."""
    return {
        part: {
            figure: {"mean": float(np.mean(values)), "seeds": values}
            for figure in JUDGED
            if (values := [seed[part][figure] for seed in each])
        }
        for part in each[0]
    }  # fmt: skip


def mean_figures(each: Sequence[Figures]) -> Figures:
    """Of each figure the mean over the seeds."""
    return {name: float(np.mean([figures[name] for figures in each])) for name in each[0]}


def summary(ranks: Mapping[str, Numbers], seconds: Mapping[str, float] | None = None) -> dict[str, Any]:
    """The figures of each model, as the JSON holds them."""
    return {
        name: figures(placed) | ({"seconds": round(seconds[name], 2)} if seconds else {})
        for name, placed in ranks.items()
    }  # fmt: skip


def paired(ranks: Mapping[str, Numbers]) -> dict[str, Any]:
    """The twin minus each other model, by a paired bootstrap over the investors."""
    if OURS not in ranks:
        return {}
    return {name: gain(ranks[OURS], placed) for name, placed in ranks.items() if name != OURS}


def same(ranks: Mapping[str, Numbers]) -> bool:
    """Whether the twin places every target where the tower alone does: it has no second step then."""
    return "tower" in ranks and OURS in ranks and np.array_equal(ranks["tower"], ranks[OURS])
