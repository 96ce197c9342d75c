import math

import numpy as np
import pytest

from portfolio_twin.evaluation import metrics

LABELS = np.array([1, 1, 1, 0, 0, 0, 0])
PREDICTED = np.array([1, 1, 0, 1, 0, 0, 0])  # 2 TP, 1 FN, 1 FP, 3 TN
# Three queries, ranked lists of four; the second has two relevant properties, one of them beyond the list.
RELEVANCE = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]], dtype=bool)
RELEVANT = np.array([1, 2, 1])


def test_the_confusion_matrix_has_truth_in_rows_and_prediction_in_columns() -> None:
    assert metrics.confusion(LABELS, PREDICTED).tolist() == [[3, 1], [1, 2]]


def test_classification_metrics_follow_their_formulas() -> None:
    assert metrics.accuracy(LABELS, PREDICTED) == pytest.approx((2 + 3) / 7)
    assert metrics.precision(LABELS, PREDICTED) == pytest.approx(2 / (2 + 1))
    assert metrics.recall(LABELS, PREDICTED) == pytest.approx(2 / (2 + 1))
    assert metrics.f1(LABELS, PREDICTED) == pytest.approx(2 * 2 / (2 * 2 + 1 + 1))


def test_nothing_predicted_positive_is_a_precision_of_zero() -> None:
    assert metrics.precision(LABELS, np.zeros(7)) == 0.0
    assert metrics.f1(LABELS, np.zeros(7)) == 0.0


def test_undefined_metrics_are_nan_and_never_a_good_number() -> None:
    empty = np.zeros(0)
    undefined = [
        metrics.accuracy(empty, empty),
        metrics.recall(np.zeros(2), np.ones(2)),
        metrics.auc(np.ones(3), np.arange(3.0)),
        metrics.ece(empty, empty),
    ]
    assert all(math.isnan(value) for value in undefined)


def test_auc_counts_the_pairs_in_the_right_order_and_ties_as_half() -> None:
    labels, scores = np.array([1, 1, 0, 0]), np.array([0.9, 0.4, 0.4, 0.1])
    assert metrics.auc(labels, scores) == pytest.approx((1 + 1 + 0.5 + 1) / 4)


def test_auc_is_one_for_a_perfect_and_zero_for_a_reversed_ranking() -> None:
    assert metrics.auc(np.array([0, 0, 1]), np.array([0.1, 0.2, 0.3])) == 1.0
    assert metrics.auc(np.array([0, 0, 1]), np.array([0.3, 0.2, 0.1])) == 0.0


def test_the_area_under_the_roc_curve_is_the_auc() -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.integers(0, 2, 200), rng.integers(0, 20, 200) / 20
    false_rates, true_rates = metrics.roc_curve(labels, scores)
    assert np.trapezoid(true_rates, false_rates) == pytest.approx(metrics.auc(labels, scores))
    assert (false_rates[0], true_rates[0], false_rates[-1], true_rates[-1]) == (0, 0, 1, 1)


def test_ece_is_the_mean_gap_between_claim_and_truth() -> None:
    labels = np.array([1, 0, 1, 1])
    probabilities = np.array([0.75, 0.75, 0.95, 1.0])  # bins 7 and 9: half right at .75, all right at .975
    assert metrics.ece(labels, probabilities) == pytest.approx(2 / 4 * abs(0.5 - 0.75) + 2 / 4 * abs(1 - 0.975))


def test_a_calibrated_forecast_has_no_ece() -> None:
    assert metrics.ece(np.array([1, 0, 0, 0]), np.full(4, 0.25)) == 0.0


def test_precision_and_recall_at_k_divide_by_k_and_by_all_relevant_ones() -> None:
    assert metrics.precision_at(3, RELEVANCE).tolist() == pytest.approx([1 / 3, 1 / 3, 0])
    assert metrics.recall_at(3, RELEVANCE, RELEVANT).tolist() == pytest.approx([1 / 1, 1 / 2, 0])


def test_a_hit_is_any_relevant_one_within_k() -> None:
    assert metrics.hit_rate_at(2, RELEVANCE).tolist() == [1, 0, 0]
    assert metrics.hit_rate_at(3, RELEVANCE).tolist() == [1, 1, 0]


def test_ndcg_discounts_by_place_and_divides_by_the_best_order() -> None:
    best_of_two = 1 / math.log2(2) + 1 / math.log2(3)
    expected = [1.0, (1 / math.log2(4)) / best_of_two, 0.0]
    assert metrics.ndcg_at(3, RELEVANCE, RELEVANT).tolist() == pytest.approx(expected)


def test_ndcg_beyond_the_length_of_the_list_counts_what_is_there() -> None:
    assert metrics.ndcg_at(10, RELEVANCE[:1], RELEVANT[:1]).tolist() == [1.0]


def test_the_reciprocal_rank_counts_places_from_one() -> None:
    assert metrics.reciprocal_rank(np.array([0, 1, 3])).tolist() == [1 / 1, 1 / 2, 1 / 4]
