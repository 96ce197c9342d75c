"""report.html: one page that needs nothing else, the verdict first."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from functions.train.learn import Fitted
from functions.train.report import maps, plots
from functions.train.report.tables import NAMES, OURS, number
from functions.train.report.templates import fill
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.arrays import Texts
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.model.browse.atlas import Places

GROUPS_SHOWN = 8


def render(
    snapshot: Snapshot, fitted: Fitted, evaluation: Evaluation, metrics: Mapping[str, Any], *, places: Places
) -> dict[str, bytes]:
    """report.html and its pictures by name; a picture for which there is no data is left out. places (n, 2)."""
    pictures = _pictures(snapshot, fitted, evaluation, metrics)
    if len(snapshot.catalogue) > 4:
        pictures["embedding_tsne.png"] = maps.embedding_map(places, *_groups(snapshot.catalogue))
    page = fill(
        "report/report.html",
        title="Portfolio Twin: training report",
        verdict=verdict(metrics),
        facts=_facts(snapshot, fitted, metrics),
        asked=asked(evaluation, metrics),
        metrics=metrics,
        pictures=pictures,
    )
    return {"report.html": page.encode(), **pictures}


def _pictures(
    snapshot: Snapshot, fitted: Fitted, evaluation: Evaluation, metrics: Mapping[str, Any]
) -> dict[str, bytes]:
    pictures: dict[str, bytes] = {}
    if metrics["everybody"]["ndcg_at_10"]:
        pictures["slices.png"] = plots.slices(metrics["everybody"], metrics["slices"])
    if drawn := maps.affinity_map(snapshot, fitted.twin):
        pictures["affinity_map.png"] = drawn
    if fitted.history:
        pictures["training_curves.png"] = plots.training_curves(fitted.history, fitted.best_epoch)
    if len(np.unique(evaluation.labels)) == 2:
        pictures |= plots.of_pairs(evaluation.labels, evaluation.affinities, "the twin")
        pictures["risk_coverage.png"] = plots.risk_coverage(evaluation)
    return pictures


def verdict(metrics: Mapping[str, Any]) -> str:
    """One sentence for who reads no further."""
    ranking, users = metrics["ranking"], metrics["test_users"]
    if not users:
        return "No investor has done enough to be tested on: this model ranks by likeness of properties alone."
    ours, rivals = ranking["twin"]["ndcg_at_10"], {n: r["ndcg_at_10"] for n, r in ranking.items() if n not in OURS}
    best = max(rivals, key=lambda name: rivals[name])
    others = " and ".join(NAMES.get(name, name) for name in rivals)
    outcome = f"beats {others}" if ours > rivals[best] else f"does not beat {NAMES.get(best, best)}"
    of_ten = f"{ranking['twin']['hr_at_10']:.0%} of {users:,} test investors"
    return (
        f"The twin {outcome}: NDCG@10 {ours:.3f} against {rivals[best]:.3f} at best. "
        f"{of_ten} found their next property among the first ten."
    )


def asked(evaluation: Evaluation, metrics: Mapping[str, Any]) -> list[tuple[str, dict[str, float], Any]]:
    """A line of the classification table each: everybody, beside the plain design where it was trained; then the same
    investors by their last 0, 1, 2 properties.
    """
    lines = [("as they are", evaluation.classification(), metrics["everybody"])]
    if plain := metrics.get("baseline"):
        lines.append(("as they are, by the plain design", plain["classification"], plain))
    for limit, part in evaluation.slices.get("as_new", {}).items():
        lines.append((f"as if new, {limit} known", part.classification(), metrics["slices"]["as_new"][limit]))
    return lines


def _facts(snapshot: Snapshot, fitted: Fitted, metrics: Mapping[str, Any]) -> dict[str, str]:
    twin, window, properties = fitted.twin, snapshot.manifest.get("data_window"), len(snapshot.catalogue)
    embedding, tastes, atlas = metrics["embedding"], metrics["tastes"], metrics["atlas"]
    return {
        "model": f"{twin.kind}, version {twin.version}",
        "data": f"{properties:,} properties, {len(snapshot.log):,} interactions, {len(twin.user_ids):,} investors",
        "from – to": f"{window[0][:10]} – {window[1][:10]}" if window else "no interactions",
        "trained in": f"{metrics['training_seconds']:.1f} s",
        "tested on": f"{metrics['test_users']:,} investors, all {properties:,} properties ranked but those they know",
        "embedding": f"effective rank {embedding['effective_rank']:.1f} of {embedding['dimensions']} dimensions, "
        f"{embedding['collapsed_directions']} collapsed",
        "atlas": f"{atlas['method']}, trustworthiness@10 {number(atlas['trustworthiness_at_10'])}",
        "tastes": f"effective rank {tastes['effective_rank']:.1f}, mean cosine "
        f"{number(tastes['cosine_to_market_taste'])} to the market's taste and "
        f"{number(tastes['pairwise_cosine'])} to each other, {tastes['without_evidence']:,} without evidence",
    }


def _groups(catalogue: Catalogue) -> tuple[Texts, str]:
    """What colours the map: the property's type, or its price by quarters where all are of one type."""
    types = catalogue.columns["property_type"]
    kinds = np.array(["unknown" if value is None else value for value in types], dtype=object)
    if 1 < len(np.unique(kinds)) <= GROUPS_SHOWN:
        return kinds, "type of property"
    price = catalogue.columns["listing_price"]
    cuts = np.nanquantile(price, [0.25, 0.5, 0.75]) if np.isfinite(price).any() else np.zeros(3)
    quarter = np.searchsorted(cuts, price)
    names = np.array(["1 cheapest quarter", "2", "3", "4 dearest quarter"], dtype=object)
    return np.where(np.isfinite(price), names[quarter], "unknown"), "price"
