"""What came of a test: the rank of every target, the affinity of every pair, and the figures that they make."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Floats, Mask, Numbers
from portfolio_twin.evaluation import bootstrap, metrics
from portfolio_twin.evaluation.bootstrap import FEW_USERS, Interval

CUTS = (5, 10, 20)


@dataclass(frozen=True)
class Evaluation:
    """What each model made of the same questions; everything per investor, so that models can be compared in pairs."""

    users: Numbers  # (q,)
    candidates: int
    ranks: Mapping[str, Numbers]  # model → (q,) rank of the target, from 0
    pair_owners: Numbers  # (p,) the investor of each classification pair, by position in `users`
    labels: npt.NDArray[np.int8]  # (p,)
    affinities: Floats  # (p,) the twin's
    confidences: Floats  # (p,)
    in_use: Mask  # (p,) whether anybody else had dealt with the property of late
    slices: Mapping[str, Mapping[str, "Evaluation"]] = field(default_factory=dict)  # group of slices → slice

    def take(self, kept: Mask) -> "Evaluation":
        """The same about some of the investors, kept (q,)."""
        pairs = kept[self.pair_owners]
        return replace(
            self,
            users=self.users[kept],
            ranks={model: ranks[kept] for model, ranks in self.ranks.items()},
            pair_owners=(np.cumsum(kept) - 1)[self.pair_owners[pairs]],
            labels=self.labels[pairs],
            affinities=self.affinities[pairs],
            confidences=self.confidences[pairs],
            in_use=self.in_use[pairs],
        )

    def ndcg(self, model: str, k: int = 10) -> Floats:
        """(q,) NDCG@k of each investor, what a paired bootstrap compares."""
        return metrics.ndcg_at(k, _relevance(self.ranks[model], k), np.ones(len(self.users)))

    def hits(self, model: str, k: int = 10) -> Floats:
        """(q,) 1 where the target is among the first k."""
        return metrics.hit_rate_at(k, _relevance(self.ranks[model], k))

    def ranking(self, model: str) -> dict[str, float]:
        return ranking(self.ranks[model])

    def classification(self) -> dict[str, float]:
        """Of all pairs; the AUC also against such properties alone as are in use, which are the harder ones."""
        alive = (self.labels == 1) | self.in_use
        in_use = metrics.auc(self.labels[alive], self.affinities[alive])
        return classification(self.labels, self.affinities) | {"auc_in_use": in_use}

    def reliability(self) -> list[dict[str, float]]:
        """Of each tenth of the affinities that holds any pair: what it claimed, the share that acted, its share."""
        bins = (column.tolist() for column in metrics.reliability(self.labels, self.affinities))
        return [dict(zip(("claimed", "happened", "share"), row, strict=True)) for row in zip(*bins, strict=True)]

    def intervals(self) -> dict[str, Interval | None]:
        """The twin's hr_at_10, ndcg_at_10 and ece with their noise; None of fewer than FEW_USERS investors."""
        if len(self.users) < FEW_USERS:
            return dict.fromkeys(("hr_at_10", "ndcg_at_10", "ece"))
        drawn, hits, ndcg = bootstrap.resamples(len(self.users)), self.hits("twin"), self.ndcg("twin")
        intervals: dict[str, Interval | None] = {
            "hr_at_10": Interval.of(hits.mean(), bootstrap.resampled_means(drawn, hits)),
            "ndcg_at_10": Interval.of(ndcg.mean(), bootstrap.resampled_means(drawn, ndcg)),
            "ece": None,
        }
        if len(np.unique(self.pair_owners)) >= FEW_USERS:
            resampled = bootstrap.resampled_ece(drawn, self.pair_owners, self.labels, self.affinities)
            intervals["ece"] = Interval.of(metrics.ece(self.labels, self.affinities), resampled)
        return intervals

    def summary(self) -> dict[str, Any]:
        """For metrics.json."""
        return {
            "test_users": len(self.users),
            "candidates": self.candidates,
            "pairs": len(self.labels),
            "classification": without_nan(self.classification()),
            "reliability": self.reliability(),
            "ranking": {model: without_nan(self.ranking(model)) for model in self.ranks},
            "everybody": self.figures(),
            "slices": {
                group: {name: part.figures() for name, part in parts.items()} for group, parts in self.slices.items()
            },
        }

    def figures(self) -> dict[str, Any]:
        """The figures of a slice; all are None where there are too few investors to tell."""
        intervals = self.intervals()
        others = [model for model in self.ranks if model != "twin"] if intervals["ndcg_at_10"] else []
        return {
            "users": len(self.users),
            **{name: interval.to_json() if interval else None for name, interval in intervals.items()},
            "ece_by_chance": bootstrap.chance_ece(self.affinities) if intervals["ece"] else None,
            "others_ndcg_at_10": {model: float(self.ndcg(model).mean()) for model in others},
        }


def ranking(ranks: Numbers) -> dict[str, float]:
    """Means over the investors, ranks (q,); each has one relevant property, so recall@k equals the hit rate."""
    relevance, one = _relevance(ranks, max(CUTS)), np.ones(len(ranks))
    figures: dict[str, float] = {}
    for k in CUTS:
        figures[f"hr_at_{k}"] = _mean(metrics.hit_rate_at(k, relevance))
        figures[f"ndcg_at_{k}"] = _mean(metrics.ndcg_at(k, relevance, one))
        figures[f"precision_at_{k}"] = _mean(metrics.precision_at(k, relevance))
        figures[f"recall_at_{k}"] = _mean(metrics.recall_at(k, relevance, one))
    return figures | {"mrr": _mean(metrics.reciprocal_rank(ranks))}


def classification(labels: metrics.Labels, affinities: Floats) -> dict[str, float]:
    """Of pairs, labels (p,) and affinities (p,): at 0.5 an investor would act."""
    predicted = affinities >= 0.5
    return {
        "accuracy": metrics.accuracy(labels, predicted),
        "precision": metrics.precision(labels, predicted),
        "recall": metrics.recall(labels, predicted),
        "f1": metrics.f1(labels, predicted),
        "auc": metrics.auc(labels, affinities),
        "ece": metrics.ece(labels, affinities),
        "log_loss": metrics.log_loss(labels, affinities),
    }


def _relevance(ranks: Numbers, k: int) -> metrics.Relevance:
    """(q, k) where the one relevant property stands, if among the first k."""
    return np.asarray(ranks[:, None] == np.arange(k))


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else float("nan")


def without_nan(values: Mapping[str, float]) -> dict[str, float | None]:
    """JSON has no NaN: what could not be measured is None."""
    return {name: value if np.isfinite(value) else None for name, value in values.items()}
