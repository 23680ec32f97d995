"""Equal digits, lost points and differing probabilities are counted, and the promises are held to the picture."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.edge.agreement import agreement, kept

LABELS = np.arange(1_000).astype(np.uint8) % 10


def sure_of(digits: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.asarray(8 * np.eye(10)[digits], np.float32)


def with_wrong(count: int) -> NDArray[np.float32]:
    digits = LABELS.copy()
    digits[:count] = (digits[:count] + 1) % 10
    return sure_of(digits)


def test_equal_networks_agree_wholly() -> None:
    told = agreement(with_wrong(3), with_wrong(3), LABELS)
    assert told == {"n": 1_000, "same_digits": 1_000, "accuracy": 0.997, "points_lost": 0, "largest_difference": 0, "mean_difference": 0}


def test_other_digits_and_lost_points_are_counted() -> None:
    told = agreement(with_wrong(3), with_wrong(1), LABELS)
    assert told["same_digits"] == 998
    assert told["points_lost"] == pytest.approx(0.2)
    assert told["largest_difference"] > 0.9
    assert agreement(with_wrong(1), with_wrong(3), LABELS)["points_lost"] == pytest.approx(-0.2)


def test_an_error_swapped_for_another_loses_nothing_and_is_seen() -> None:
    other = sure_of(np.where(np.arange(1_000) == 0, 2, LABELS).astype(np.uint8))
    told = agreement(other, with_wrong(1), LABELS)
    assert (told["same_digits"], told["points_lost"]) == (999, 0)


@pytest.mark.parametrize(
    ("arithmetic", "same", "lost", "holds"),
    [
        ("float32", 9_995, 0.05, True),
        ("float32", 9_994, 0.0, False),
        ("int8", 9_995, 0.05, True),
        ("int8", 9_995, 0.06, False),
        ("int8", 9_994, 0.0, False),
        ("int8", 9_996, -0.02, True),
    ],
)
def test_a_promise_is_kept_to_the_picture(arithmetic: str, same: int, lost: float, holds: bool) -> None:
    assert kept(arithmetic, {"n": 10_000, "same_digits": same, "points_lost": lost}) is holds


def test_five_errors_more_in_ten_thousand_are_allowed_whatever_floating_point_makes_of_them() -> None:
    labels = np.tile(LABELS, 10)
    right, wrong = sure_of(labels), sure_of(np.where(np.arange(10_000) < 5, (labels + 1) % 10, labels).astype(np.uint8))
    assert kept("int8", agreement(wrong, right, labels))
