"""Areas are what counting pairs gives, their intervals hold what they should, and a threshold refuses no more than was promised."""

import itertools

import numpy as np
import pytest

from model.metrics import Floats, wilson
from model.trust.ranks import STEPS, auroc, mid_ranks, refusals_allowed, threshold_refusing


def by_pairs(digits: Floats, others: Floats) -> float:
    return float(np.mean([(digit > other) + (digit == other) / 2 for digit, other in itertools.product(digits, others)]))


@pytest.mark.parametrize("seed", range(5))
def test_an_area_is_the_share_of_pairs_in_the_right_order(seed: int) -> None:
    rng = np.random.default_rng(seed)
    digits, others = rng.integers(2, 11, 40).astype(np.float64), rng.integers(0, 9, 30).astype(np.float64)
    assert auroc(digits, others).value == pytest.approx(by_pairs(digits, others))


def test_apart_is_one_alike_is_a_half_and_the_wrong_way_round_is_none() -> None:
    low, high = np.arange(5.0), np.arange(5.0) + 10
    assert auroc(high, low).value == 1
    assert auroc(low, high).value == 0
    assert auroc(np.ones(4), np.ones(7)).value == 0.5


def test_equal_values_share_their_rank() -> None:
    assert mid_ranks(np.array([3.0, 1.0, 3.0, 7.0])).tolist() == [2.5, 1, 2.5, 4]


def test_the_interval_holds_the_true_area_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = 0.760250  # of two normals a standard deviation apart: the normal distribution at 1 / sqrt(2)
    held = 0
    for _ in range(400):
        area = auroc(rng.standard_normal(60) + 1, rng.standard_normal(50))
        held += area.low <= truth <= area.high
    assert 0.91 <= held / 400 <= 0.98


@pytest.mark.parametrize(("digits", "others"), [([], [1.0]), ([1.0], []), ([float("nan")], [1.0])])
def test_nothing_to_rank_is_an_error(digits: list[float], others: list[float]) -> None:
    with pytest.raises(ValueError, match=r"needed|not a number"):
        auroc(np.array(digits, np.float64), np.array(others, np.float64))


@pytest.mark.parametrize("pictures", [1_000, 5_027, 20_000])
def test_as_many_are_refused_as_the_interval_allows_and_not_one_more(pictures: int) -> None:
    scores = np.random.default_rng(0).standard_normal(pictures)
    refused = int((scores < threshold_refusing(scores, 0.005)).sum())
    assert refused == refusals_allowed(pictures, 0.005)
    assert wilson(refused, pictures)[1] <= 0.005 < wilson(refused + 1, pictures)[1]


def test_a_threshold_is_one_that_a_results_file_keeps() -> None:
    threshold = threshold_refusing(np.random.default_rng(0).standard_normal(2_000), 0.005)
    assert threshold == round(threshold * STEPS) / STEPS


def test_equal_scores_are_refused_together_or_not_at_all() -> None:
    assert not (np.zeros(2_000) < threshold_refusing(np.zeros(2_000), 0.005)).any()


def test_too_few_digits_promise_nothing() -> None:
    with pytest.raises(ValueError, match="100 digits are too few"):
        threshold_refusing(np.arange(100.0), 0.005)
