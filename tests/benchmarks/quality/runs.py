"""The runs on real data: the comparison with its slices, and the catalogue of which every candidate is new."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.quality.comparison import (
    Placed,
    choose_all,
    compare,
    mean_figures,
    over_seeds,
    paired,
    same,
    summary,
)
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.models import available
from tests.benchmarks.quality.output import Teller, write
from tests.benchmarks.quality.ranks import group
from tests.benchmarks.quality.studies.confidence import INVESTORS
from tests.benchmarks.quality.studies.new_investors import new_investors
from tests.benchmarks.quality.studies.new_properties import new_properties
from tests.benchmarks.quality.studies.slices import by_part, far, slices

PROTOCOL = (
    "Investors with three or more distinct deals or likes (at most 2000, drawn by seed): the last is the test target, "
    "the one before it validation. All properties are ranked but those of the investor's history. Histories and counts "
    "of activity are cut strictly before the target's time, activity at midnight. Settings of the rivals are "
    "chosen on validation; then they learn again with the validation targets known. So does the twin, by the product's "
    "own job; the baseline keeps them for choosing its epoch and for its calibration. "
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
    ranks, users = placed.everything, len(market.test.users)
    results: dict[str, Any] = {
        "data": market.name, "protocol": PROTOCOL, "test_users": users, "candidates": market.size, "seeds": seeds,
        "models": summary(ranks, placed.seconds), "paired": paired(ranks), "chosen": chosen,
        "twin_is_the_tower_alone": same(ranks),
        "probabilities": {name: over_seeds(each) for name, each in placed.probabilities.items()},
        "confidence": {name: mean_figures(each) for name, each in placed.confidences.items()},
        "among_properties_ever_touched": {
            "candidates": int(market.touched.sum()), "models": summary(placed.touched), "paired": paired(placed.touched)
        },
        "still_to_be_had": _still_to_be_had(market, placed), "slices": {"far": _far(market, placed)},
    }  # fmt: skip
    _print(results, tell)
    write(out, results)  # the other slices take longer than all before
    if with_slices:
        results["slices"] |= _slices(names, market, chosen, ranks, tell=tell)
    return results


def _still_to_be_had(market: Market, placed: Placed) -> dict[str, Any]:
    open_, ranks = market.still_to_be_had, placed.still_to_be_had
    about = {"protocol": open_.protocol, "candidates": open_.candidates, "targets": open_.targets}
    return about | ({"models": summary(ranks, placed.seconds), "paired": paired(ranks)} if ranks else {})


def _far(market: Market, placed: Placed) -> dict[str, Any]:
    """The far targets by each protocol."""
    rows = far(market.snapshot.catalogue, market.test)
    protocols = {"all properties": placed.everything, "still to be had": placed.still_to_be_had}
    return {name: part for name, ranks in protocols.items() if ranks for part in by_part(ranks, {name: rows}).values()}


def _print(results: Mapping[str, Any], tell: Teller) -> None:
    data, users, size = results["data"], results["test_users"], results["candidates"]
    tell.comparison(
        f"{data}: {users} test users, {size} properties, {results['seeds']} seeds", results["models"], results["paired"]
    )
    if results["twin_is_the_tower_alone"]:
        tell.tables.print("twin = tower: what the product trains today has no ranking layer, or left it out.")
    open_ = results["still_to_be_had"]
    tell.tables.print(open_["protocol"])
    if "models" in open_:
        tell.comparison(f"{data}: still to be had", open_["models"], open_["paired"])
    tell.slices("far targets", results["slices"]["far"])
    tell.probabilities(data, results["probabilities"])
    for name, figures in results["confidence"].items():
        tell.flat(f"{name}: mean confidence, {INVESTORS} investors", figures)


def _slices(names: Sequence[str], market: Market, chosen: Any, ranks: Any, *, tell: Teller) -> dict[str, Any]:
    results = slices(market, ranks)
    results["investors_new_by_interactions"] = new_investors(names, market, chosen, say=tell.say)
    placed = new_properties(names, market, chosen, folds=NEW_FOLDS, say=tell.say)
    results["properties_new"] = {
        "among themselves": group(placed.among_themselves),
        "in the full list": group(placed.full_list),
    }
    for name, parts in results.items():
        tell.slices(name.replace("_", " "), parts)
    return results


def on_new_half(names: Sequence[str], market: Market, tell: Teller) -> dict[str, Any]:
    names = available(names, market.size, tell.say)
    placed = new_properties(names, market, choose_all(names, market, tell.say), folds=2, say=tell.say)
    ranks = placed.among_themselves
    users = group(ranks)["users"]
    results: dict[str, Any] = {
        "data": market.name, "protocol": NEW_HALF, "test_users": users, "candidates": market.size // 2,
        "models": summary(ranks, placed.seconds), "paired": paired(ranks), "chosen": placed.chosen,
        "twin_is_the_tower_alone": same(ranks),
        "slices": {"properties_new": {"in the full list": group(placed.full_list)}},
    }  # fmt: skip
    tell.comparison(f"{market.name}, every candidate new: {users} targets", results["models"], results["paired"])
    tell.slices("new properties", results["slices"]["properties_new"])
    return results
