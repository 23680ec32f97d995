"""Deleting takes the ink that a map points at; what is measured of the released network says that its maps tell something."""

import numpy as np
import pytest
from numpy.typing import NDArray

from model.choice import KNOWN
from model.committed import RELEASED
from model.faithful import DELETED, Deletion, alike, faithfulness, without_ink
from model.inference import Classifier


@pytest.fixture(scope="module")
def known() -> NDArray[np.uint8]:
    with np.load(KNOWN) as stored:
        pixels: NDArray[np.uint8] = stored["pixels"]
    return pixels


def test_deleting_takes_the_ink_of_the_highest_score_alone(known: NDArray[np.uint8]) -> None:
    picture, score = known[0], np.arange(784.0).reshape(28, 28)
    left = without_ink(picture, score)
    gone = np.flatnonzero((picture != left).ravel())
    ink = np.flatnonzero(picture)
    assert list(gone) == list(ink[len(ink) - round(DELETED * len(ink)) :])


def test_maps_of_the_released_network_depend_on_the_digit_and_on_the_weights(known: NDArray[np.uint8]) -> None:
    told = faithfulness(Classifier(RELEASED), known[:30])
    assert told["n"] == 30
    assert told["difference"]["low"] <= told["difference"]["mean"] <= told["difference"]["high"]
    assert told["difference"]["mean"] == pytest.approx(told["fall_salient"] - told["fall_random"])
    assert max(told["alike"].values()) < 0.5
    assert told == faithfulness(Classifier(RELEASED), known[:30]), "the seed decides"


def test_deleting_what_a_map_points_at_costs_more_than_deleting_at_random(known: NDArray[np.uint8]) -> None:
    assert faithfulness(Classifier(RELEASED), known)["difference"]["low"] > 0


def test_a_map_that_says_nothing_deletes_as_chance_does(known: NDArray[np.uint8]) -> None:
    told = Deletion(Classifier(RELEASED), known, seed=0).of(np.zeros(known.shape, np.float32))
    assert told["difference"]["low"] < 0 < told["difference"]["high"]


def test_a_map_is_like_itself_and_nothing_is_like_a_map_without_features() -> None:
    maps = np.random.default_rng(1).random((3, 28, 28), dtype=np.float32)
    assert alike(maps, maps) == pytest.approx(1)
    assert alike(maps, 1 - maps) == pytest.approx(-1)
    assert alike(maps, np.ones_like(maps)) == 0
