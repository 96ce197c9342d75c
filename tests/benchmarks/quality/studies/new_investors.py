"""Investors whom no model was trained on, folded in from their first interactions."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from functions.train.offline import freeze
from portfolio_twin.domain.arrays import Numbers
from portfolio_twin.domain.split import TEST, training_log
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import rank_targets
from tests.benchmarks.quality.frozen_data import SPLIT_SEED, Market
from tests.benchmarks.quality.models import Chosen, Say, fit_all, prefixed
from tests.benchmarks.quality.ranks import group
from tests.benchmarks.quality.rivals.settings import RIVALS
from tests.benchmarks.quality.rivals.training_matrix import Known

FOLDS = 4
KEPT = {"0": 0, "1": 1, "2": 2, "3-5": 5, "6+": None, "all": None}  # the latest so many of each history
NEEDED = {"3-5": 3, "6+": 6}  # of the history, to be asked about at all


def new_investors(
    names: Sequence[str], market: Market, chosen: Chosen, *, say: Say, folds: int = FOLDS
) -> dict[str, Any]:
    """Every test investor is new once: held out, whole, from the training of one of the folds."""
    names = [name for name in names if name not in RIVALS or RIVALS[name].folds_in]
    names = [name for name in names if name != "baseline"]  # one vector per user: nothing can be folded in
    ranks: dict[str, dict[str, list[Numbers]]] = {part: defaultdict(list) for part in KEPT}
    for fold in range(folds):
        asked = _ask(market, fold, folds)
        known, snapshot = _without(market, asked.users)
        tell = prefixed(say, f"new investors {fold + 1}/{folds}: ")
        for name, model in fit_all(names, snapshot, known, chosen=chosen, seed=fold, say=tell).items():
            for part, limit in KEPT.items():
                shown = asked if limit is None else asked.shortened(limit)
                ranked = rank_targets(model.answer(shown), asked, market.size)  # of the whole history nothing is ranked
                ranks[part][name].append(ranked[asked.histories.lengths >= NEEDED.get(part, 0)])
    return {
        part: group({name: np.concatenate(folded) for name, folded in models.items()}) for part, models in ranks.items()
    }


def _ask(market: Market, fold: int, folds: int) -> Queries:
    users = np.random.default_rng(SPLIT_SEED).permutation(market.test.users)[fold::folds]
    snapshot = market.snapshot
    holdout = snapshot.holdout.take(np.isin(snapshot.holdout.users, users))
    return Queries.of(snapshot.dataset, holdout, TEST)


def _without(market: Market, users: Numbers) -> tuple[Known, Any]:
    """What may be learnt when these investors have never been seen; what they did still counts as activity."""
    dataset = market.snapshot.dataset
    rest = dataset.take(~np.isin(dataset.log.users, users))
    frozen = freeze(rest, SPLIT_SEED)
    return Known(rest.with_log(training_log(rest.log, frozen.holdout.of(TEST))), dataset), frozen
