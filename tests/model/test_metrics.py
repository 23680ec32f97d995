"""Every figure against a case worked out by hand, or against its definition."""

import math

import numpy as np
import pytest

from model.inference import softmax
from model.metrics import (
    Reliability,
    brier,
    calibration_error,
    class_scores,
    cluster_difference,
    cluster_interval,
    confusion,
    cross_entropy,
    equal_mass_bins,
    equal_width_bins,
    reliability,
    share,
    spread,
    wilson,
)

LABELS = np.array([0, 0, 1, 1, 1, 2], np.uint8)
PREDICTED = np.array([0, 1, 1, 1, 2, 2], np.intp)


def test_a_confusion_matrix_has_labels_as_rows_and_predictions_as_columns() -> None:
    table = confusion(LABELS, PREDICTED)
    assert table.shape == (10, 10)
    assert table[0, 1] == 1
    assert table[1, 0] == 0
    assert table.sum() == len(LABELS)


def test_precision_recall_and_f1_are_the_article_s() -> None:
    scores = class_scores(confusion(LABELS, PREDICTED))
    assert scores.precision[1] == pytest.approx(2 / 3)
    assert scores.recall[1] == pytest.approx(2 / 3)
    assert scores.recall[0] == pytest.approx(1 / 2)
    assert scores.f1[0] == pytest.approx(2 * 1 * 0.5 / 1.5)


def test_a_digit_that_never_occurs_scores_nought_and_warns_of_nothing() -> None:
    scores = class_scores(confusion(LABELS, PREDICTED))
    assert (scores.precision[9], scores.recall[9], scores.f1[9]) == (0, 0, 0)


def test_softmax_sums_to_one_even_of_huge_logits() -> None:
    probabilities = softmax(np.array([[1e4] + [0.0] * 9, [-1e4] * 10], np.float32))
    assert probabilities.sum(axis=1) == pytest.approx([1, 1])
    assert probabilities[0, 0] == 1


def test_cross_entropy_is_the_mean_log_likelihood_and_finite_where_the_probability_vanishes() -> None:
    logits = np.log(np.full((2, 10), 0.05))
    logits[:, 3] = math.log(0.55)
    assert cross_entropy(logits, np.array([3, 0], np.uint8)) == pytest.approx(-(math.log(0.55) + math.log(0.05)) / 2)
    assert cross_entropy(np.array([[5000.0] + [0.0] * 9]), np.array([1], np.uint8)) == pytest.approx(5000)


def test_the_brier_score_runs_from_nought_to_two() -> None:
    certain = np.eye(10)[[4]]
    assert brier(certain, np.array([4], np.uint8)) == 0
    assert brier(certain, np.array([5], np.uint8)) == 2
    assert brier(np.full((1, 10), 0.1), np.array([5], np.uint8)) == pytest.approx(0.9)


def test_bins_of_equal_width_are_closed_above() -> None:
    assert equal_width_bins(np.array([0.0, 0.1, 0.2, 0.2001, 1.0]), 5).tolist() == [0, 0, 0, 1, 4]


def test_bins_of_equal_mass_hold_equally_many_and_follow_the_order() -> None:
    bins = equal_mass_bins(np.array([0.9, 0.1, 0.5, 0.7, 0.3, 0.8]), 3)
    assert bins.tolist() == [2, 0, 1, 1, 0, 2]


def test_calibration_error_is_the_weighted_gap() -> None:
    confidence = np.array([0.9, 0.9, 0.9, 0.9, 0.3])
    correct = np.array([True, True, True, False, False])
    bins = reliability(confidence, correct, equal_width_bins(confidence, 10))
    assert bins.count.tolist() == [1, 4]
    assert calibration_error(bins) == pytest.approx((4 * 0.15 + 1 * 0.3) / 5)


def test_a_calibrated_reader_has_no_calibration_error() -> None:
    assert calibration_error(Reliability(np.array([10]), np.array([0.8]), np.array([0.8]))) == 0


@pytest.mark.parametrize(("successes", "trials", "low", "high"), [(10, 10, 0.7225, 1.0), (0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634)])
def test_wilson_s_interval_is_the_textbook_s(successes: int, trials: int, low: float, high: float) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=1e-4)


def test_nothing_tried_is_nothing_known() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_share_is_told_with_its_errors_and_its_interval_and_of_nothing_nothing_is_known() -> None:
    assert share(np.array([True, True, False, True])) == {"accuracy": 0.75, "errors": 1, "interval": list(wilson(3, 4))}
    assert share(np.zeros(0, bool)) == {"accuracy": None, "errors": 0, "interval": [0.0, 1.0]}


def test_a_spread_of_one_has_no_deviation() -> None:
    assert spread([2.0]) == {"mean": 2.0, "sd": None, "n": 1}
    assert spread([1.0, 3.0]) == {"mean": 2.0, "sd": pytest.approx(math.sqrt(2)), "n": 2}


def test_the_difference_of_two_groups_is_the_first_minus_the_second() -> None:
    correct = np.array([True] * 8 + [True, False] * 4)
    difference = cluster_difference(correct, np.arange(16), np.arange(16) < 8)
    assert difference.estimate == 0.5
    assert difference.low < 0.5 < difference.high


def test_writers_who_err_together_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    in_first = np.arange(2_000) < 1_000
    writer = np.arange(2_000) // 50
    hard = rng.random(40) < 0.3
    correct = rng.random(2_000) > np.where(hard[writer], 0.3, 0.01)
    by_writer, by_picture = (cluster_difference(correct, cluster, in_first) for cluster in (writer, np.arange(2_000)))
    assert by_writer.high - by_writer.low > 1.5 * (by_picture.high - by_picture.low)


def test_of_writers_with_one_picture_each_the_interval_is_the_textbook_s() -> None:
    correct = np.arange(2_000) % 10 > 0
    difference = cluster_difference(correct, np.arange(2_000), np.arange(2_000) < 1_000)
    assert difference.high - difference.low == pytest.approx(2 * 1.96 * math.sqrt(2 * 0.9 * 0.1 / 1_000), rel=0.05)


def test_the_interval_of_a_mean_is_the_textbook_s_and_wider_where_writers_err_together() -> None:
    values = np.arange(2_000) % 10 / 10
    low, high = cluster_interval(values, np.arange(2_000))
    assert (low + high) / 2 == pytest.approx(values.mean(), abs=2e-3)
    assert high - low == pytest.approx(2 * 1.96 * values.std() / math.sqrt(2_000), rel=0.05)
    together = cluster_interval(np.sort(values), np.arange(2_000) // 50)
    assert together[1] - together[0] > 3 * (high - low)


def test_a_group_without_pictures_has_no_difference() -> None:
    with pytest.raises(ValueError, match="both groups"):
        cluster_difference(np.ones(3, bool), np.arange(3), np.ones(3, bool))
