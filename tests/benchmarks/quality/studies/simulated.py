"""The comparison where the truth is known: against the best possible ranking, on all sides of the market."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from infra.simulator import MARKETS, Simulation, Truth, simulate
from portfolio_twin.domain.arrays import Mask, Numbers
from portfolio_twin.domain.dataset import Dataset
from portfolio_twin.evaluation.queries import Queries
from portfolio_twin.evaluation.scoring import Answer, Candidates
from tests.benchmarks.quality.comparison import (
    choose_all,
    mean_figures,
    over_seeds,
    paired,
    probabilities,
    same,
    summary,
)
from tests.benchmarks.quality.frozen_data import Market
from tests.benchmarks.quality.models import Chosen, available, fit_all, prefixed
from tests.benchmarks.quality.output import Teller
from tests.benchmarks.quality.ranks import per_user, place
from tests.benchmarks.quality.studies.changed_taste import SHARE_OF_SETTLED, follow, follows_within
from tests.benchmarks.quality.studies.confidence import INVESTORS, confidence
from tests.benchmarks.quality.studies.dislikes import right_way

PROTOCOL = (
    "Markets of the simulator, one draw per seed. The split and the fitting as on real data; ranked are the properties "
    "on the market at the target's time (the full list in slices), the investor's history left out. 'best' is the best "
    "possible ranking, by the simulator's own probability of the next deal or like. Dislikes: of each investor the "
    "property ranked highest among those that do not match is disliked; right is when the mismatches most "
    "like it fall, on average. Change of taste: each investor's first so many interactions under another taste are "
    "folded in; followed is when the expected gain of the first ten reaches "
    f"{SHARE_OF_SETTLED:.0%} of its share of the best under the old taste."
)


def on_simulation(names: Sequence[str], markets: Sequence[str], seeds: int, tell: Teller) -> dict[str, Any]:
    tables = {name: _Table() for name in markets}
    for name in markets:
        for seed in range(seeds):
            _one(names, simulate(MARKETS[name], seed), seed, table=tables[name], tell=tell)
    whole = _Table.joined(list(tables.values()))
    results = {"data": " ".join(markets), "protocol": PROTOCOL, "seeds": seeds, **whole.figures()}
    results["slices"] = {name: table.figures() for name, table in tables.items()}
    for name, table in {**tables, **({"all": whole} if len(tables) > 1 else {})}.items():
        _print(name, table.figures(), tell)
    return results


class _Table:
    """Ranks of every investor of every draw, and what came of dislikes and changes of taste."""

    def __init__(self) -> None:
        self.on_market, self.full = (defaultdict[str, list[Numbers]](list) for _ in range(2))
        self.dislikes, self.tastes, self.sure, self.judged = (defaultdict[str, list[Any]](list) for _ in range(4))
        self.seconds = defaultdict[str, list[float]](list)
        self.candidates: list[float] = []
        self.chosen: list[Chosen] = []  # of each draw

    @classmethod
    def joined(cls, tables: Sequence["_Table"]) -> "_Table":
        whole = cls()
        for table in tables:
            for name in ("on_market", "full", "dislikes", "tastes", "sure", "judged", "seconds"):
                for model, parts in getattr(table, name).items():
                    getattr(whole, name)[model] += parts
            whole.candidates += table.candidates
            whole.chosen += table.chosen
        return whole

    def figures(self) -> dict[str, Any]:
        ranks = {name: np.concatenate(parts) for name, parts in self.on_market.items()}
        full = {name: np.concatenate(parts) for name, parts in self.full.items()}
        return {
            "test_users": len(ranks["best"]), "candidates": round(float(np.mean(self.candidates))),
            "models": summary(ranks, {name: float(np.mean(s)) for name, s in self.seconds.items()}),
            "paired": paired(ranks), "chosen": self.chosen, "twin_is_the_tower_alone": same(ranks),
            "relative_to_best": _relative(ranks), "relative_to_best_in_the_full_list": _relative(full),
            "dislikes": {name: _dislikes(np.concatenate(parts, axis=1)) for name, parts in self.dislikes.items()},
            "probabilities": {name: over_seeds(each) for name, each in self.judged.items()},
            "confidence": {name: mean_figures(each) for name, each in self.sure.items()},
            "change_of_taste": {name: follows_within(parts) for name, parts in self.tastes.items()},
        }  # fmt: skip


def _one(names: Sequence[str], simulation: Simulation, seed: int, *, table: _Table, tell: Teller) -> None:
    name = f"{simulation.market.name} {seed}"
    market = Market.of(name, Dataset(simulation.catalogue, simulation.log))
    names = available(names, market.size, tell.say)
    say = prefixed(tell.say, f"{name}: ")
    chosen = choose_all(names, market, say)
    table.chosen.append(chosen)
    fitted = fit_all(names, market.snapshot, market.known(validation_too=True), chosen=chosen, seed=seed, say=say)
    answers = {name: model.answer for name, model in fitted.items()} | {"best": best_possible(simulation.truth)}
    live = on_market(simulation.truth, market.test)
    table.candidates.append(float(live(slice(0, len(market.test.users))).sum(axis=1).mean()))
    for model, answer in answers.items():
        table.on_market[model].append(place(answer, market.test, market.size, live))
        table.full[model].append(place(answer, market.test, market.size))
        if model in fitted and (twin := fitted[model].twin):
            table.sure[model].append(confidence(twin, market))
        if model in fitted and (asked := fitted[model].affinities):
            table.judged[model].append(probabilities(asked, market))
        table.seconds[model].append(fitted[model].seconds if model in fitted else 0.0)
        if model == "tower" or model.startswith("twin"):
            say(f"dislikes and changes of taste, {model}")
            table.dislikes[model].append(right_way(answer, simulation, market.test))
            table.tastes[model].append(follow(answer, simulation, market.test, seed))


def best_possible(truth: Truth) -> Answer:
    """(chunk, n) the probability that the investor's next deal or like falls on each property."""
    return lambda queries: lambda chunk: np.stack([
        truth.choice_probability(int(user), int(time))
        for user, time in zip(queries.users[chunk], queries.times[chunk], strict=True)
    ])  # fmt: skip


def on_market(truth: Truth, queries: Queries) -> Candidates:
    def open_(chunk: slice) -> Mask:
        return np.stack([truth.on_market(int(time)) for time in queries.times[chunk]])

    return open_


def _relative(ranks: dict[str, Numbers]) -> dict[str, float]:
    """NDCG@10 over that of the best possible ranking, on the same targets."""
    best = float(per_user(ranks["best"])["ndcg_at_10"].mean())
    return {name: float(per_user(placed)["ndcg_at_10"].mean()) / best for name, placed in ranks.items()}


def _dislikes(outcomes: Any) -> dict[str, float]:
    fell, before, after = outcomes  # (u,) each
    return {
        "investors": len(fell),
        "right_way": float(fell.mean()),
        "expected_gain_before": float(before.mean()),
        "expected_gain_after": float(after.mean()),
    }


def _print(name: str, figures: dict[str, Any], tell: Teller) -> None:
    title = f"{name}: {figures['test_users']} test users, {figures['candidates']} properties on the market"
    tell.comparison(title, figures["models"], figures["paired"])
    tell.flat(f"{name}: NDCG@10 relative to the best possible", figures["relative_to_best"])
    tell.probabilities(name, figures["probabilities"])
    for model, means in figures["confidence"].items():
        tell.flat(f"{name}: {model}, mean confidence, {INVESTORS} investors", means)
    for model in figures["dislikes"]:
        if model == "tower" and figures["twin_is_the_tower_alone"]:
            continue
        tell.flat(f"{name}: {model}, dislikes", figures["dislikes"][model])
        tell.flat(f"{name}: {model}, share of the best after a change of taste", figures["change_of_taste"][model])
