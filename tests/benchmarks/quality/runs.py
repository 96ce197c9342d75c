"""The runs on real data: the comparison with its slices, and the catalogue of which every candidate is new."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.quality.comparison import Placed, choose_all, compare, over_seeds, paired, same, summary
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.models import available
from tests.benchmarks.quality.output import Teller, write
from tests.benchmarks.quality.studies.new_investors import new_investors
from tests.benchmarks.quality.studies.new_properties import new_properties
from tests.benchmarks.quality.studies.slices import far, slices, told

PROTOCOL = (
    "Investors with three or more distinct deals or likes (at most 2000, drawn by seed): the last is the test target, "
    "the one before it validation. All properties are ranked but those of the investor's history. Histories and counts "
    "of activity are cut strictly before the target's time, activity at midnight. Settings of the rivals are "
    "chosen on validation; then they learn again with the validation targets known. The twin and the baseline are "
    "trained by the product's own job, which keeps the validation targets for choosing the epoch and for calibration. "
    "Standard errors by the bootstrap over investors, of each investor's mean over the seeds. A target is far if it "
    "lies more than 150 m from everything that the investor had wanted before."
)
NEW_HALF = (
    "The properties are cut at random into two halves. For each half the models learn from the dealings with the other "
    "alone, and rank the properties of this half for every investor who wanted one of them after some of the other: "
    "the last such one is the target. Every candidate is new to every model. Settings of the rivals are chosen on "
    "properties held out of the half that is learnt from."
)
NEW_FOLDS = 4


def on_folder(
    names: Sequence[str], market: Market, *, seeds: int, with_slices: bool, out: Path, tell: Teller
) -> dict[str, Any]:
    names = available(names, market.size, tell.say)
    chosen = choose_all(names, market, tell.say)
    placed = compare(names, market, chosen, seeds=seeds, say=tell.say)
    ranks = placed.everything
    found: dict[str, Any] = {
        "data": market.name, "protocol": PROTOCOL, "test_users": len(market.test.users), "candidates": market.size,
        "seeds": seeds, "models": summary(ranks, placed.seconds), "paired": paired(ranks), "chosen": chosen,
        "twin_is_the_tower_alone": same(ranks),
        "probabilities": {name: over_seeds(each) for name, each in placed.probabilities.items()},
        "among_properties_ever_touched": {
            "candidates": int(market.touched.sum()), "models": summary(placed.touched), "paired": paired(placed.touched)
        },
        "still_to_be_had": _still_to_be_had(market, placed), "slices": {"far": _far(market, placed)},
    }  # fmt: skip
    _print(found, tell)
    write(out, found)  # the other slices take longer than all before
    if with_slices:
        found["slices"] |= _slices(names, market, chosen, ranks, tell=tell)
    return found


def _still_to_be_had(market: Market, placed: Placed) -> dict[str, Any]:
    open_, ranks = market.still_to_be_had, placed.still_to_be_had
    found = {"protocol": open_.protocol, "candidates": open_.candidates, "targets": open_.targets}
    return found | ({"models": summary(ranks, placed.seconds), "paired": paired(ranks)} if ranks else {})


def _far(market: Market, placed: Placed) -> dict[str, Any]:
    """The far targets by each protocol."""
    rows = far(market.snapshot.catalogue, market.test)
    protocols = {"all properties": placed.everything, "still to be had": placed.still_to_be_had}
    return {name: part for name, ranks in protocols.items() if ranks for part in told(ranks, {name: rows}).values()}


def _print(found: Mapping[str, Any], tell: Teller) -> None:
    title = (
        f"{found['data']}: {found['test_users']} test users, {found['candidates']} properties, {found['seeds']} seeds"
    )
    tell.comparison(title, found["models"], found["paired"])
    if found["twin_is_the_tower_alone"]:
        tell.tables.print("twin = tower: what the product trains today has no second step, or left it out.")
    open_ = found["still_to_be_had"]
    tell.tables.print(open_["protocol"])
    if "models" in open_:
        tell.comparison(f"{found['data']}: still to be had", open_["models"], open_["paired"])
    tell.slices("far targets", found["slices"]["far"])
    for name, parts in found["probabilities"].items():
        tell.flat(f"{name}: AUC, ECE", {k: f"{p['auc']['mean']:.3f}, {p['ece']['mean']:.3f}" for k, p in parts.items()})


def _slices(names: Sequence[str], market: Market, chosen: Any, ranks: Any, *, tell: Teller) -> dict[str, Any]:
    found = slices(market, ranks)
    found["investors_new_by_interactions"] = new_investors(names, market, chosen, say=tell.say)
    placed = new_properties(names, market, chosen, folds=NEW_FOLDS, say=tell.say)
    found["properties_new"] = {
        "among themselves": {"users": _users(placed.among_themselves), "models": summary(placed.among_themselves)},
        "in the full list": {"users": _users(placed.full_list), "models": summary(placed.full_list)},
    }
    for name, parts in found.items():
        tell.slices(name.replace("_", " "), parts)
    return found


def on_new_half(names: Sequence[str], market: Market, tell: Teller) -> dict[str, Any]:
    names = available(names, market.size, tell.say)
    placed = new_properties(names, market, choose_all(names, market, tell.say), folds=2, say=tell.say)
    ranks = placed.among_themselves
    found: dict[str, Any] = {
        "data": market.name, "protocol": NEW_HALF, "test_users": _users(ranks), "candidates": market.size // 2,
        "models": summary(ranks, placed.seconds), "paired": paired(ranks), "chosen": placed.chosen,
        "twin_is_the_tower_alone": same(ranks),
        "slices": {"properties_new": {
            "in the full list": {"users": _users(ranks), "models": summary(placed.full_list)}
        }},
    }  # fmt: skip
    tell.comparison(f"{market.name}, every candidate new: {_users(ranks)} targets", found["models"], found["paired"])
    tell.slices("new properties", found["slices"]["properties_new"])
    return found


def _users(ranks: Any) -> int:
    return len(next(iter(ranks.values()))) if ranks else 0
