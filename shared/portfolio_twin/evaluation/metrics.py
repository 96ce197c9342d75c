"""Metrics, each with the source of its formula.

Classification: `labels` (n,) 0/1, `predicted` (n,) 0/1, `scores` (n,) any real, `probabilities` (n,) in 0..1.
Ranking: `relevance` (q, m) bool, whether the property at each position of a query's ranked list is relevant, and
`relevant` (q,) how many relevant properties the query has in all. NaN where a metric is undefined (no data, one class).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from portfolio_twin.domain.arrays import Floats, Mask, Numbers

Labels = npt.NDArray[Any]
Relevance = Mask

CALIBRATION_BINS = 10


def confusion(labels: Labels, predicted: Labels) -> Numbers:
    """(2, 2) counts, row = truth, column = prediction: [[TN, FP], [FN, TP]]."""
    return np.bincount(2 * labels.astype(np.int64) + predicted.astype(np.int64), minlength=4).reshape(2, 2)


def accuracy(labels: Labels, predicted: Labels) -> float:
    """(TP + TN) / n. Manning, Raghavan and Schütze, "Introduction to Information Retrieval" (2008), §8.3."""
    return _ratio(float((labels == predicted).sum()), len(labels))


def precision(labels: Labels, predicted: Labels) -> float:
    """TP / (TP + FP); 0 when nothing was predicted positive. Manning et al. (2008), §8.3."""
    (_, false_positives), (_, true_positives) = confusion(labels, predicted)
    return float(true_positives / max(true_positives + false_positives, 1))


def recall(labels: Labels, predicted: Labels) -> float:
    """TP / (TP + FN); NaN without positives. Manning et al. (2008), §8.3."""
    _, (false_negatives, true_positives) = confusion(labels, predicted)
    return _ratio(true_positives, true_positives + false_negatives)


def f1(labels: Labels, predicted: Labels) -> float:
    """Harmonic mean of precision and recall, 2TP / (2TP + FP + FN). Manning et al. (2008), §8.3."""
    (_, false_positives), (false_negatives, true_positives) = confusion(labels, predicted)
    return _ratio(2 * true_positives, 2 * true_positives + false_positives + false_negatives)


def auc(labels: Labels, scores: Floats) -> float:
    """P(a positive scores above a negative), ties half.

    The Mann–Whitney statistic: Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006), §7.
    """
    positives = labels > 0
    n_positive, n_negative = int(positives.sum()), int((~positives).sum())
    _, level, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2  # 1-based, shared by ties
    rank_sum = float(mean_rank[level][positives].sum())
    return _ratio(rank_sum - n_positive * (n_positive + 1) / 2, n_positive * n_negative)


def roc_curve(labels: Labels, scores: Floats) -> tuple[Floats, Floats]:
    """False and true positive rates from (0, 0) to (1, 1), a point per distinct score. Fawcett (2006), alg. 1."""
    order = np.argsort(-scores, kind="stable")
    last_of_score = np.append(np.flatnonzero(np.diff(scores[order])), len(order) - 1)
    true_positives = np.cumsum(labels[order] > 0)[last_of_score]
    false_positives = last_of_score + 1 - true_positives
    return (
        np.append(0.0, false_positives / max(false_positives[-1], 1)),
        np.append(0.0, true_positives / max(true_positives[-1], 1)),
    )


def calibration_bins(probabilities: Floats, bins: int = CALIBRATION_BINS) -> Numbers:
    """(n,) the equally wide bin that each falls into."""
    return np.minimum((probabilities * bins).astype(np.int64), bins - 1)


def reliability(labels: Labels, probabilities: Floats, bins: int = CALIBRATION_BINS) -> tuple[Floats, Floats, Floats]:
    """Of each equally wide bin that holds any: mean probability, share of positives, share of answers. Each (b,)"""
    bin_of = calibration_bins(probabilities, bins)
    counts = np.bincount(bin_of, minlength=bins)
    held = counts > 0
    claimed = np.bincount(bin_of, weights=probabilities, minlength=bins)[held] / counts[held]
    happened = np.bincount(bin_of, weights=labels, minlength=bins)[held] / counts[held]
    return claimed, happened, counts[held] / max(len(labels), 1)


def ece(labels: Labels, probabilities: Floats, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error: Σ over bins of (share of answers)·|share of positives − mean probability|.

    Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks" (ICML 2017), eq. 3, on P(y = 1).
    """
    if len(labels) == 0:
        return float("nan")
    claimed, happened, share = reliability(labels, probabilities, bins)
    return float((share * np.abs(happened - claimed)).sum())


def log_loss(labels: Labels, probabilities: Floats) -> float:
    """Mean of −log of the probability given to what happened, in nats. Good, "Rational Decisions" (1952)."""
    if len(labels) == 0:
        return float("nan")
    right = np.where(labels > 0, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(right, np.finfo(np.float64).tiny)).mean())


def precision_at(k: int, relevance: Relevance) -> Floats:
    """(q,) relevant ones among the first k, over k. Manning et al. (2008), §8.4."""
    return np.asarray(relevance[:, :k].sum(axis=1) / k)


def recall_at(k: int, relevance: Relevance, relevant: Labels) -> Floats:
    """(q,) relevant ones among the first k, over all relevant ones. Manning et al. (2008), §8.4."""
    return np.asarray(relevance[:, :k].sum(axis=1) / relevant)


def hit_rate_at(k: int, relevance: Relevance) -> Floats:
    """(q,) 1 where any of the first k is relevant.

    Deshpande and Karypis, "Item-Based Top-N Recommendation Algorithms", ACM TOIS 22 (2004), §5.2.
    """
    return np.asarray(relevance[:, :k].any(axis=1), dtype=np.float64)


def ndcg_at(k: int, relevance: Relevance, relevant: Labels) -> Floats:
    """(q,) Σ 1/log2(rank + 1) over relevant ranks ≤ k, over the best possible such sum.

    Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", ACM TOIS 20 (2002), with binary gains.
    """
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    best = np.cumsum(discounts)[np.minimum(relevant, k).astype(np.int64) - 1]
    return np.asarray(relevance[:, :k] @ discounts[: relevance.shape[1]] / best)


def reciprocal_rank(ranks: Floats | Numbers) -> Floats:
    """(q,) 1/rank of the first relevant one, ranks (q,) counted from 0; its mean is MRR.

    Voorhees, "The TREC-8 Question Answering Track Report" (1999), §3.
    """
    return np.asarray(1.0 / (ranks + 1.0))


def _ratio(part: float, whole: float) -> float:
    return float(part) / float(whole) if whole else float("nan")
