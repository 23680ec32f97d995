"""Scores are compared by validation outliers, their thresholds by validation digits, and neither by what they are measured on."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.metrics import Floats
from model.splitting import Writers
from model.trust.features import Seen
from model.trust.outliers import Outliers
from model.trust.rejection import MOST_REFUSED, Chosen, compare, measure_digits, measure_outliers
from model.trust.scores import Score

SURE = np.array([9.0] + [0.0] * 9, np.float32)
FLAT = np.zeros(10, np.float32)


def seen(values: Floats, logits: NDArray[np.float32] = SURE) -> Seen:
    """Pictures whose only feature is this number."""
    return Seen(np.tile(logits, (len(values), 1)), values.astype(np.float32)[:, None])


VALUE = Score("value", lambda pictures: pictures.features[:, 0].astype(np.float64), 1)
REVERSED = Score("reversed", lambda pictures: -pictures.features[:, 0].astype(np.float64), 2)
DIGITS = seen(np.random.default_rng(0).standard_normal(4_000) + 10)


def test_the_score_that_tells_outliers_apart_stands_higher() -> None:
    rows = compare([REVERSED, VALUE], DIGITS, {"low": seen(np.zeros(50)), "lower": seen(np.full(50, -5.0))})
    assert [row["mean_auroc"] for row in rows] == [0, 1]
    assert [row["name"] for row in rows[1]["sets"]] == ["low", "lower"]
    assert rows[1]["sets"][0] == {"name": "low", "n": 50, "auroc": 1.0, "refused": 1.0}
    assert rows[1]["numbers"] == 1
    assert rows[1]["microseconds"] > 0


def test_the_threshold_refuses_as_few_validation_digits_as_promised() -> None:
    (row,) = compare([VALUE], DIGITS, {"low": seen(np.zeros(50))})
    refused = Chosen(VALUE, row["threshold"]).refuses(DIGITS).mean()
    assert 0 < refused < MOST_REFUSED
    assert row["digits_refused"] == refused


def test_a_score_at_the_threshold_is_taken() -> None:
    assert Chosen(VALUE, 2.0).refuses(seen(np.array([1.9, 2.0, 2.1]))).tolist() == [True, False, False]


def test_digits_are_counted_by_what_refuses_them_and_by_series() -> None:
    writers = Writers(np.arange(8).astype(np.uint16), np.repeat([0, 4], 4).astype(np.uint8))
    doubted = np.array([False, True] + [False] * 6)
    told = measure_digits(Chosen(VALUE, 1.0), seen(np.array([0.0, 2, 2, 2, 2, 2, 2, 2])), doubted, writers, 0.5)
    assert told["refused"] == {"score": 1 / 8, "confidence": 0, "preprocessing": 1 / 8, "any": 2 / 8}
    assert [(row["series"], row["n"], row["refused"]) for row in told["series"]] == [(0, 4, 0.25), (4, 4, 0)]
    assert told["interval"][0] < 1 / 8 < told["interval"][1]


def test_outliers_are_ranked_against_the_digits_by_every_score() -> None:
    pixels = np.zeros((3, 28, 28), np.uint8)
    pixels[0] = 9
    shown = Outliers("three", pixels, np.array([True, False, False]))
    (row,) = measure_outliers([VALUE, REVERSED], Chosen(VALUE, 5.0), DIGITS, [(shown, seen(np.array([0.0, 1, 20]), FLAT))], 0.5)
    assert (row["name"], row["n"], row["distinct"]) == ("three", 3, 2)
    assert row["auroc"]["value"]["value"] == pytest.approx(2 / 3, abs=1e-3)
    assert row["auroc"]["reversed"]["value"] == pytest.approx(1 / 3, abs=1e-3)
    assert row["refused"] == {"score": pytest.approx(2 / 3), "confidence": 1, "preprocessing": pytest.approx(1 / 3), "any": 1}
