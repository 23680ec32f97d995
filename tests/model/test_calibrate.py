"""The temperature undoes overconfidence and moves no digit; the threshold lets through what it promises."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.calibrate import COVERAGE, HIGHEST_THRESHOLD, calibrate, choose_threshold, fit_temperature, select
from model.inference import softmax
from model.metrics import cross_entropy


@pytest.fixture(scope="module")
def calibrated() -> tuple[NDArray[np.float64], NDArray[np.uint8]]:
    """Logits whose softmax is right: each label is drawn with the probability that they give it."""
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 10))
    cumulated = softmax(logits).cumsum(axis=1)
    labels = (rng.random((20_000, 1)) > cumulated).sum(axis=1).clip(0, 9)
    return logits, labels.astype(np.uint8)


@pytest.mark.parametrize("sharpened", [0.25, 1.0, 3.0])
def test_the_temperature_undoes_what_was_done_to_calibrated_logits(
    calibrated: tuple[NDArray[np.float64], NDArray[np.uint8]], sharpened: float
) -> None:
    logits, labels = calibrated
    assert fit_temperature(logits * sharpened, labels) == pytest.approx(sharpened, rel=0.03)


def test_no_other_temperature_has_a_lower_cross_entropy(calibrated: tuple[NDArray[np.float64], NDArray[np.uint8]]) -> None:
    logits, labels = calibrated[0] * 2, calibrated[1]
    best = fit_temperature(logits, labels)
    for other in (0.95 * best, 1.05 * best, 1.0):
        assert cross_entropy(logits / best, labels) < cross_entropy(logits / other, labels)


def test_without_pictures_there_is_no_temperature() -> None:
    with pytest.raises(ValueError, match="no pictures"):
        fit_temperature(np.empty((0, 10)), np.empty(0, np.uint8))


@pytest.mark.parametrize("n", [200, 201, 999, 5_027])
def test_the_threshold_lets_the_promised_share_pass_and_little_more(n: int) -> None:
    confidence = np.random.default_rng(n).uniform(0.1, 0.9, n)
    threshold = choose_threshold(confidence)
    assert (confidence >= threshold).mean() >= COVERAGE
    assert (confidence >= threshold + 0.03).mean() < COVERAGE


def test_a_network_that_is_always_sure_is_not_refused_for_it() -> None:
    assert choose_threshold(np.full(1_000, 0.9999)) == HIGHEST_THRESHOLD


def test_what_is_selected_is_counted_on_either_side() -> None:
    probabilities = softmax(np.array([[9.0, 0, 0], [0.2, 0, 0], [0, 9.0, 0], [0, 0.2, 0]]) @ np.eye(3, 10))
    passed = select(probabilities, np.array([0, 0, 0, 0], np.uint8), 0.9)
    assert (passed.accepted, passed.errors_accepted, passed.rejected, passed.errors_rejected) == (2, 1, 2, 1)
    assert (passed.coverage, passed.error_accepted, passed.error_rejected) == (0.5, 0.5, 0.5)


def test_where_all_pass_nothing_is_said_of_the_others() -> None:
    assert select(np.eye(10), np.arange(10, dtype=np.uint8), 0.5).error_rejected is None


def test_calibrating_lowers_cross_entropy_and_reports_what_the_threshold_does(
    calibrated: tuple[NDArray[np.float64], NDArray[np.uint8]],
) -> None:
    chosen = calibrate(calibrated[0] * 3, calibrated[1])
    assert chosen.nll_after < chosen.nll_before
    assert chosen.coverage >= COVERAGE
    assert chosen.error_accepted is not None
    assert chosen.error_rejected is not None
    assert chosen.error_accepted < chosen.error_rejected
