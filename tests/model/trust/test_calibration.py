"""Calibration errors have intervals by writer, and risk against coverage says what refusing buys."""

import numpy as np
import pytest

from model.metrics import calibration_error, equal_width_bins, reliability
from model.trust.calibration import bins_of, least_area, measure_confidence, risk_coverage, without_error

N = 6_000
WRITER = np.repeat(np.arange(100), N // 100)


def test_a_confidence_that_is_off_by_a_tenth_is_said_to_be() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.6, 0.9, N)
    told = measure_confidence(confidence, rng.random(N) < confidence - 0.1, WRITER)
    for key in ("ece_equal_width", "ece_equal_mass"):
        assert told[key]["value"] == pytest.approx(0.1, abs=0.02)
        assert told[key]["low"] < told[key]["value"] < told[key]["high"]
        assert told[key]["low"] > 0.05


def test_the_value_is_the_one_that_evaluation_gives() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.3, 1, N)
    correct = rng.random(N) < confidence
    bins = reliability(confidence, correct, equal_width_bins(confidence, 15))
    assert measure_confidence(confidence, correct, WRITER)["ece_equal_width"]["value"] == calibration_error(bins)
    assert np.array_equal(bins_of(confidence, correct)[0].count, bins.count)


def test_risk_is_that_of_the_surest() -> None:
    coverage, risk = risk_coverage(np.array([0.5, 0.9, 0.7, 0.8]), np.array([False, True, False, True]))
    assert coverage == pytest.approx([0.25, 0.5, 0.75, 1])
    assert risk == pytest.approx([0, 0, 1 / 3, 1 / 2])


def test_of_equally_sure_ones_the_wrong_come_first() -> None:
    _, risk = risk_coverage(np.ones(3), np.array([True, False, True]))
    assert risk == pytest.approx([1, 1 / 2, 1 / 3])


def test_no_order_of_the_same_errors_has_less_area() -> None:
    best = np.arange(10) < 7
    _, risk = risk_coverage(np.linspace(1, 0, 10), best)
    assert risk.mean() == pytest.approx(least_area(3, 10))
    _, mixed = risk_coverage(np.linspace(1, 0, 10), np.roll(best, -1))
    assert mixed.mean() > least_area(3, 10)


def test_what_is_surer_than_the_surest_error_has_none() -> None:
    assert without_error(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True])) == 0.5
    assert without_error(np.array([0.9, 0.8]), np.array([True, True])) == 1


def test_points_are_of_whole_shares() -> None:
    points = measure_confidence(np.linspace(0, 1, N), np.arange(N) >= 60, WRITER)["risk_coverage"]["points"]
    assert [(point["coverage"], point["risk"]) for point in points][-3:] == [(0.99, 0), (0.995, pytest.approx(30 / 5_970)), (1, 0.01)]
