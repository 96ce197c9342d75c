"""report.html: one page that needs nothing else, the verdict first."""

import base64
import html
from collections.abc import Mapping
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from functions.train.progress import Epoch
from functions.train.report import maps, plots, tables
from functions.train.report.page import PAGE
from functions.train.report.tables import NAMES, OURS
from portfolio_twin.adapters.s3.snapshots import Snapshot
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.evaluation.results import Evaluation
from portfolio_twin.model.twin import Twin

CAPTIONS = {
    "slices.png": "Where a rival's mark lies right of the blue point, it would serve these investors better. "
    "A long bar: few investors, little certainty.",
    "affinity_map.png": "The test investor with the longest history. The next choice should lie where it is yellow.",
    "training_curves.png": "How the training went.",
    "roc.png": "Telling what investors acted on from what was drawn at random.",
    "confusion.png": "Right and wrong answers among the held-out pairs.",
    "reliability.png": "An affinity of 0.8 should come true eight times in ten.",
    "risk_coverage.png": "The surer the twin says it is, the more often it should be right. Dashed: all its answers.",
    "embedding_tsne.png": "Properties that lie close are alike to investors. Axes have no meaning of their own.",
}
WIDE = ("slices.png", "affinity_map.png", "training_curves.png", "embedding_tsne.png")
GROUPS_SHOWN = 8


def render(
    snapshot: Snapshot, twin: Twin, history: list[Epoch], best_epoch: int, found: Evaluation, metrics: Mapping[str, Any]
) -> dict[str, bytes]:
    """report.html and its pictures by name; a picture for which there is no data is left out."""
    pictures: dict[str, bytes] = {}
    if metrics["everybody"]["ndcg_at_10"]:
        pictures["slices.png"] = plots.slices(metrics["everybody"], metrics["slices"])
    if drawn := maps.affinity_map(snapshot, twin):
        pictures["affinity_map.png"] = drawn
    if history:
        pictures["training_curves.png"] = plots.training_curves(history, best_epoch)
    if len(np.unique(found.labels)) == 2:
        pictures["roc.png"] = plots.roc(found.labels, found.affinities)
        pictures["confusion.png"] = plots.confusion(found.labels, found.affinities)
        pictures["reliability.png"] = plots.reliability(found.labels, found.affinities)
        pictures["risk_coverage.png"] = plots.risk_coverage(found)
    if len(snapshot.catalogue) > 4:
        groups, what = _groups(snapshot.catalogue)
        pictures["embedding_tsne.png"] = maps.embedding_map(twin.property_vectors, groups, what, twin.config.seed)
    return {"report.html": _page(snapshot, twin, found, metrics, pictures).encode(), **pictures}


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


def _page(
    snapshot: Snapshot, twin: Twin, found: Evaluation, metrics: Mapping[str, Any], pictures: Mapping[str, bytes]
) -> str:
    window, properties = snapshot.manifest.get("data_window"), len(snapshot.catalogue)
    embedding = metrics["embedding"]
    facts = {
        "model": f"{twin.kind}, version {twin.version}",
        "data": f"{properties:,} properties, {len(snapshot.log):,} interactions, {len(twin.user_ids):,} investors",
        "from – to": f"{window[0][:10]} – {window[1][:10]}" if window else "no interactions",
        "trained in": f"{metrics['training_seconds']:.1f} s",
        "tested on": f"{metrics['test_users']:,} investors, all {properties:,} properties ranked but those they know",
        "embedding": f"effective rank {embedding['effective_rank']:.1f} of {embedding['dimensions']} dimensions, "
        f"{embedding['collapsed_directions']} collapsed",
    }
    return Template(PAGE).substitute(
        verdict=html.escape(verdict(metrics)),
        facts="".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts.items()),
        ranking=tables.ranking_table(metrics["ranking"]) if metrics["test_users"] else "",
        classification=tables.classification_table(found, metrics) if metrics["pairs"] else "",
        slices=_slices(metrics, pictures) if metrics["test_users"] else "",
        pictures="".join(_picture(name, data) for name, data in pictures.items() if name != "slices.png"),
    )


def _slices(metrics: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    drawn = _picture("slices.png", pictures["slices.png"]) if "slices.png" in pictures else ""
    return f"<h2>Who is served well, and who is not</h2>{drawn}{tables.slices_table(metrics)}"


def _picture(name: str, data: bytes) -> str:
    source = base64.b64encode(data).decode()
    wide = ' class="wide"' if name in WIDE else ""
    caption = html.escape(CAPTIONS[name])
    image = f'<img alt="{caption}" src="data:image/png;base64,{source}">'
    return f"<figure{wide}>{image}<figcaption>{caption}</figcaption></figure>"


def _groups(catalogue: Catalogue) -> tuple[npt.NDArray[np.object_], str]:
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
