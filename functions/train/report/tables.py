"""What the tables of a report show, from the figures of metrics.json, and how a figure is written."""

from collections.abc import Mapping
from typing import Any

from portfolio_twin.evaluation.bootstrap import FEW_USERS

NAMES = {
    "twin": "Portfolio Twin",
    "tower": "its tower alone",
    "popularity": "popularity",
    "content_knn": "content kNN",
    "baseline": "plain design",
}
OURS = ("twin", "tower")
RANKING = {
    "hr_at_10": "HR@10", "ndcg_at_10": "NDCG@10", "mrr": "MRR", "precision_at_10": "Precision@10",
    "recall_at_10": "Recall@10", "hr_at_20": "HR@20",
}  # fmt: skip
CLASSIFICATION = {
    "accuracy": "accuracy", "precision": "precision", "recall": "recall", "f1": "F1", "auc": "AUC",
    "auc_in_use": "AUC in use", "log_loss": "log loss",
}  # fmt: skip
TOO_FEW = f"too few to tell (under {FEW_USERS})"


def best_rival(figures: Mapping[str, Any]) -> float | None:
    """The NDCG@10 of the better rival in one slice, None where there is none."""
    return max((value for model, value in figures["others_ndcg_at_10"].items() if model not in OURS), default=None)


def interval(figure: Mapping[str, float] | None) -> str:
    """0.123 [0.101, 0.145]"""
    return f"{figure['value']:.3f} [{figure['low']:.3f}, {figure['high']:.3f}]" if figure else "–"


def number(value: float | None) -> str:
    return f"{value:.3f}" if value is not None and value == value else "–"
