"""Properties that no model has seen anybody deal with: among themselves, and in the full list."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from functions.train.offline import freeze
from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.domain.interactions import KIND_CODE, POSITIVE_KINDS, InteractionLog
from portfolio_twin.domain.properties import UNKNOWN
from portfolio_twin.domain.split import HOLDOUT_USERS_LIMIT, TEST, Holdout, training_log
from portfolio_twin.evaluation.queries import Queries
from tests.benchmarks.quality.frozen_data import SPLIT_SEED, Market
from tests.benchmarks.quality.models import DISCOVER, Chosen, Say, fit_all, prefixed
from tests.benchmarks.quality.ranks import place
from tests.benchmarks.quality.rivals.settings import RIVALS
from tests.benchmarks.quality.rivals.training_matrix import Known
from tests.benchmarks.quality.rivals.tuning import choose

BLIND = ("item_knn", "ease", "als", "bpr")  # they know a property only by who dealt with it
SLOW = ("baseline",)


@dataclass(frozen=True)
class Unseen:
    """What may be learnt when the properties in `held` (n,) are new, and whom to ask about them."""

    held: Mask
    dataset: Dataset
    queries: Queries


def hold_out(dataset: Dataset, held: Mask, users_limit: int = HOLDOUT_USERS_LIMIT) -> Unseen:
    """Of each investor who wanted one of them after some other property, the last such one is the target."""
    dataset = dataset.take(dataset.rows != UNKNOWN)
    log, new = dataset.log, held[dataset.rows]
    positive = np.isin(log.kinds, [KIND_CODE[kind] for kind in POSITIVE_KINDS])
    old = dataset.take(~new)
    rows = np.flatnonzero(new & positive)[::-1]  # the log is in time order: the last comes first
    targets = log.take(rows[np.unique(log.users[rows], return_index=True)[1]])
    everybody = _ask(old, targets)
    able = everybody.users[everybody.histories.lengths > 0]
    asked = np.random.default_rng(SPLIT_SEED).permutation(able)[:users_limit]
    targets = targets.take(np.isin(targets.users, asked))
    return Unseen(held, old.take(~_after(targets, old.log)), _ask(old, targets))


def _after(targets: InteractionLog, log: InteractionLog) -> Mask:
    """(m,) the rows of those who are asked, from the time of their target on. One target each, by user id."""
    if len(targets) == 0:
        return np.zeros(len(log), dtype=bool)
    at = np.minimum(np.searchsorted(targets.users, log.users), len(targets) - 1)
    return np.asarray((targets.users[at] == log.users) & (log.times >= targets.times[at]))


def _ask(dataset: Dataset, targets: InteractionLog) -> Queries:
    ones = np.ones(len(targets), dtype=np.int8)
    holdout = Holdout(
        users=targets.users, properties=targets.properties, times=targets.times, splits=ones * TEST, labels=ones
    )  # fmt: skip
    return Queries.of(dataset, holdout, TEST)


@dataclass(frozen=True)
class NewPlaced:
    among_themselves: dict[str, Numbers]  # model → (q,) ranks
    full_list: dict[str, Numbers]
    seconds: dict[str, float]
    chosen: list[Chosen]  # of each fold


def new_properties(names: Sequence[str], market: Market, chosen: Chosen, *, folds: int, say: Say) -> NewPlaced:
    """Every property is new once: held out from the training of one of the folds, all dealings with it."""
    names = [name for name in names if name not in (*BLIND, *SLOW)] + [DISCOVER] * ("twin" in names)
    fold_of = np.random.default_rng(SPLIT_SEED).permutation(market.size) % folds
    among, full, seconds = (defaultdict[str, list[Numbers]](list) for _ in range(3))
    settings: list[Chosen] = []
    for fold in range(folds):
        tell = prefixed(say, f"new properties {fold + 1}/{folds}: ")
        unseen = hold_out(market.snapshot.dataset, fold_of == fold)
        settings.append({**chosen, **_choose(names, unseen, folds, tell)})
        frozen = freeze(unseen.dataset, SPLIT_SEED)
        known = Known(unseen.dataset.with_log(training_log(frozen.log, frozen.holdout.of(TEST))), unseen.dataset)
        for name, model in fit_all(names, frozen, known, chosen=settings[-1], seed=fold, say=tell).items():
            among[name].append(place(model.answer, unseen.queries, market.size, unseen.held))
            full[name].append(place(model.answer, unseen.queries, market.size))
            seconds[name].append(np.array([model.seconds]))
    return NewPlaced(
        {name: np.concatenate(among[name]) for name in names},
        {name: np.concatenate(full[name]) for name in names},
        {name: float(np.mean(seconds[name])) for name in names},
        settings,
    )


def _choose(names: Sequence[str], unseen: Unseen, folds: int, say: Say) -> Chosen:
    """Settings for new properties, chosen on others: a like share of those still seen is held out once more.

    Only of the rivals that are quick to fit; the others keep what validation chose for them.
    """
    rng = np.random.default_rng(SPLIT_SEED + 1)
    inner = hold_out(unseen.dataset, ~unseen.held & (rng.random(len(unseen.held)) < 1 / folds))
    known = Known(inner.dataset, inner.dataset)
    quick = [name for name in names if name in RIVALS and not RIVALS[name].seeded]
    return {
        name: choose(RIVALS[name], known, inner.queries, inner.held, say=prefixed(say, f"{name} ")) for name in quick
    }
