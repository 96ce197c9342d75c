"""report.html: one page that needs nothing else, the verdict first."""

import base64
import html
from collections.abc import Mapping
from string import Template
from typing import Any

import numpy as np
import numpy.typing as npt

from functions.train import plots
from functions.train.page import PAGE
from functions.train.progress import Epoch
from portfolio_twin.adapters.snapshots import Snapshot
from portfolio_twin.domain.properties import Catalogue
from portfolio_twin.model.results import Evaluation
from portfolio_twin.model.twin import Twin

NAMES = {
    "twin": "Portfolio Twin",
    "tower": "its first step alone",
    "popularity": "popularity",
    "content_knn": "content kNN",
    "baseline": "plain design",
}
OURS = ("twin", "tower")
RANKING = {
    "hr_at_10": "HR@10", "ndcg_at_10": "NDCG@10", "mrr": "MRR", "precision_at_10": "Precision@10",
    "recall_at_10": "Recall@10", "hr_at_20": "HR@20",
}  # fmt: skip
CLASSIFICATION = ("accuracy", "precision", "recall", "f1", "auc", "ece")
CAPTIONS = {
    "training_curves.png": "How the training went.",
    "roc.png": "Telling what investors acted on from what was drawn at random.",
    "confusion.png": "Right and wrong answers among the held-out pairs.",
    "reliability.png": "An affinity of 0.8 should come true eight times in ten.",
    "risk_coverage.png": "The surer the twin says it is, the more often it should be right.",
    "embedding_tsne.png": "Properties that lie close are alike to investors. Axes have no meaning of their own.",
}
GROUPS_SHOWN = 8


def render(
    snapshot: Snapshot, twin: Twin, history: list[Epoch], best_epoch: int, found: Evaluation, metrics: Mapping[str, Any]
) -> dict[str, bytes]:
    """report.html and its pictures by name; a picture for which there is no data is left out."""
    pictures: dict[str, bytes] = {}
    if history:
        pictures["training_curves.png"] = plots.training_curves(history, best_epoch)
    if len(np.unique(found.labels)) == 2:
        pictures["roc.png"] = plots.roc(found.labels, found.affinities)
        pictures["confusion.png"] = plots.confusion(found.labels, found.affinities)
        pictures["reliability.png"] = plots.reliability(found.labels, found.affinities)
        pictures["risk_coverage.png"] = plots.risk_coverage(found.labels, found.affinities, found.confidences)
    if len(snapshot.catalogue) > 4:
        groups, what = _groups(snapshot.catalogue)
        pictures["embedding_tsne.png"] = plots.embedding_map(twin.property_vectors, groups, what, twin.config.seed)
    return {"report.html": _page(snapshot, twin, metrics, pictures).encode(), **pictures}


def verdict(metrics: Mapping[str, Any]) -> str:
    """One sentence for who reads no further."""
    ranking, users = metrics["ranking"], metrics["test_users"]
    if not users:
        return "No investor has done enough to be tested on: this model ranks by likeness of properties alone."
    ours, rivals = ranking["twin"]["ndcg_at_10"], {n: r["ndcg_at_10"] for n, r in ranking.items() if n not in OURS}
    best = max(rivals, key=lambda name: rivals[name])
    comparison = f"{ours:.3f} against {rivals[best]:.3f} of {NAMES.get(best, best)}, the best rival"
    of_ten = (
        f"{ranking['twin']['hr_at_10']:.0%} of {users:,} test investors found their next property among the first ten"
    )
    return (
        f"The twin {'beats' if ours > rivals[best] else 'does not beat'} every rival: NDCG@10 {comparison}. {of_ten}."
    )


def _page(snapshot: Snapshot, twin: Twin, metrics: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    window, properties = snapshot.manifest.get("data_window"), len(snapshot.catalogue)
    facts = {
        "model": f"{twin.kind}, version {twin.version}",
        "data": f"{properties:,} properties, {len(snapshot.log):,} interactions, {len(twin.user_ids):,} investors",
        "from – to": f"{window[0][:10]} – {window[1][:10]}" if window else "no interactions",
        "trained in": f"{metrics['training_seconds']:.1f} s",
        "tested on": f"{metrics['test_users']:,} investors, all {properties:,} properties ranked but those they know",
    }
    return Template(PAGE).substitute(
        verdict=html.escape(verdict(metrics)),
        facts="".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts.items()),
        ranking=_ranking_table(metrics["ranking"]) if metrics["test_users"] else "",
        classification=_classification_table(metrics["classification"]) if metrics["pairs"] else "",
        pictures="".join(_picture(name, data) for name, data in pictures.items()),
    )


def _ranking_table(ranking: Mapping[str, Mapping[str, float]]) -> str:
    head = "".join(f"<th>{label}</th>" for label in RANKING.values())
    best = {name: max(row[name] for row in ranking.values()) for name in RANKING}
    rows = ""
    for model, row in ranking.items():
        cells = "".join(f"<td{_bold(row[name] == best[name])}>{row[name]:.3f}</td>" for name in RANKING)
        rows += f"<tr><th>{html.escape(NAMES.get(model, model))}</th>{cells}</tr>"
    return f"<h2>Ranking</h2><table><tr><th></th>{head}</tr>{rows}</table>"


def _classification_table(figures: Mapping[str, float | None]) -> str:
    head = "".join(f"<th>{name.upper() if len(name) < 4 else name}</th>" for name in CLASSIFICATION)
    cells = "".join(f"<td>{_number(figures[name])}</td>" for name in CLASSIFICATION)
    return f"<h2>Would they act?</h2><table><tr>{head}</tr><tr>{cells}</tr></table>"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _bold(best: bool) -> str:
    return ' class="best"' if best else ""


def _picture(name: str, data: bytes) -> str:
    source = base64.b64encode(data).decode()
    wide = ' class="wide"' if name in ("training_curves.png", "embedding_tsne.png") else ""
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
