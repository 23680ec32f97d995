"""Both ways of reading are measured on the same pictures, and what is accepted is what the service would accept."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import model
from model.formats import Labelled
from model.metrics import wilson
from model.others.measure import measure, resized
from model.preprocess import canonicalise_picture, is_canonical

KNOWN = Path(model.__file__).parent / "known" / "digits.npz"


class ByInk:
    """Reads a canonical picture as 1 and any other as 0, with all its confidence."""

    def logits(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        return 20 * np.eye(10, dtype=np.float32)[[int(is_canonical(each)) for each in pixels]]


@pytest.fixture(scope="module")
def pictures() -> list[NDArray[np.uint8]]:
    """Known digits as somebody else's form has them: dark on light, larger, off the middle; the last is blank."""
    with np.load(KNOWN) as stored:
        shown = [np.pad(255 - each.repeat(2, 0).repeat(2, 1), ((0, 9), (20, 0)), constant_values=255) for each in stored["pixels"][:5]]
    return [*shown, np.full((40, 30), 255, np.uint8)]


@pytest.fixture(scope="module")
def told(pictures: list[NDArray[np.uint8]]) -> dict[str, Any]:
    return measure(ByInk(), Labelled("made here", pictures, np.array([1, 1, 1, 1, 0, 1], np.uint8)), threshold=0.9)


def test_preprocessing_and_raw_are_read_apart(told: dict[str, Any]) -> None:
    assert (told["preprocessed"]["accuracy"], told["preprocessed"]["errors"]) == (5 / 6, 1)
    assert (told["raw"]["accuracy"], told["raw"]["errors"]) == (1 / 6, 5)
    assert told["raw"]["interval"] == list(wilson(1, 6))
    assert told["preprocessed"]["confusion"][0, 1] == 1


def test_what_does_not_look_like_a_digit_is_not_accepted_however_sure_the_network_is(told: dict[str, Any]) -> None:
    accepted = told["preprocessed"]["accepted"]
    assert (accepted["n"], accepted["errors"], accepted["coverage"]) == (5, 1, 5 / 6)
    assert told["preprocessed"]["reasons"] == {"blank": 1}
    assert told["raw"]["accepted"]["n"] == 6, "raw pixels are judged by the confidence alone"


def test_a_confidence_under_the_threshold_is_not_accepted(pictures: list[NDArray[np.uint8]]) -> None:
    told = measure(ByInk(), Labelled("made here", pictures, np.ones(6, np.uint8)), threshold=1.1)
    assert told["preprocessed"]["accepted"]["n"] == 0
    assert told["preprocessed"]["accepted"]["accuracy"] is None


def test_the_pictures_are_described(told: dict[str, Any]) -> None:
    assert (told["n"], told["form"], told["seed"]) == (6, "made here", None)
    assert told["sizes"] == {"smallest": (40, 30), "largest": (65, 76)}
    assert told["digits"].tolist() == [1, 5, *[0] * 8]
    assert told["preprocessed"]["inverted"] >= 5


def test_another_pixel_or_label_is_another_set(pictures: list[NDArray[np.uint8]], told: dict[str, Any]) -> None:
    changed = [*pictures[:5], pictures[5] - 1]
    for shown, labels in ((pictures, [1, 1, 1, 1, 1, 1]), (changed, [1, 1, 1, 1, 0, 1])):
        other = measure(ByInk(), Labelled("made here", shown, np.array(labels, np.uint8)), threshold=0.9)
        assert other["pictures_sha256"] != told["pictures_sha256"]
    again = measure(ByInk(), Labelled("another form", iter(pictures), np.array([1, 1, 1, 1, 0, 1], np.uint8)), threshold=0.9)
    assert again["pictures_sha256"] == told["pictures_sha256"]


def test_raw_is_the_whole_picture_stretched_and_nothing_else(pictures: list[NDArray[np.uint8]]) -> None:
    assert resized(np.full((100, 7), 9, np.uint8)).tolist() == [[9] * 28] * 28
    small = np.arange(64, dtype=np.uint8).reshape(8, 8)
    assert resized(small).shape == (28, 28)
    assert resized(small)[0, 0] == 0
    canonical = canonicalise_picture(pictures[0]).pixels
    assert np.array_equal(resized(canonical), canonical)
