"""However much a caller labels, and however many callers agree, what is known to be right weighs more."""

import numpy as np
import pytest

from model.data import Digits
from model.renewal.agreement import agreed
from model.renewal.weights import ALL, CALLER, EMPHASIS, weigh, weight_by_caller
from tests.model.renewal.records import picture, record

EACH = 100
MNIST = Digits(np.zeros((10 * EACH, 28, 28), np.uint8), np.repeat(np.arange(10, dtype=np.uint8), EACH))


def test_a_few_pictures_weigh_more_than_mnists_each() -> None:
    pictures, _ = agreed([record(picture(1), 4, "a"), record(picture(2), 9, "a")])
    assert weigh(pictures, MNIST).tolist() == [EMPHASIS, EMPHASIS]


def test_a_caller_who_floods_a_digit_gains_nothing_by_more() -> None:
    for count in (10, 60):
        pictures, _ = agreed([record(picture(number), 9, "flood") for number in range(count)])
        assert weigh(pictures, MNIST).sum() == pytest.approx(CALLER * EACH)


def test_a_caller_who_floods_takes_nothing_from_another() -> None:
    pictures, _ = agreed([*(record(picture(number), 9, "flood") for number in range(60)), record(picture(99), 9, "a")])
    told = weight_by_caller(pictures, weigh(pictures, MNIST))
    assert told == pytest.approx({"flood": CALLER * EACH, "a": EMPHASIS})


def test_all_callers_together_never_outweigh_mnist() -> None:
    pictures, _ = agreed([record(picture(1_000 * caller + number), 9, f"caller{caller}") for caller in range(6) for number in range(20)])
    weights = weigh(pictures, MNIST)
    assert weights.sum() == pytest.approx(ALL * EACH)
    assert ALL < 1
    assert len(set(np.round(weights, 9))) == 1


def test_a_picture_of_two_callers_is_half_of_each() -> None:
    pictures, _ = agreed([record(picture(1), 4, "a"), record(picture(1), 4, "b")])
    assert weigh(pictures, MNIST).tolist() == [EMPHASIS]
    assert weight_by_caller(pictures, weigh(pictures, MNIST)) == {"a": EMPHASIS / 2, "b": EMPHASIS / 2}
