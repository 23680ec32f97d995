"""Levels become shares and come back unchanged; what is beyond full ink is cut."""

import numpy as np

from model.corruptions.levels import levels, shares


def test_there_and_back_changes_nothing() -> None:
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(levels(shares(every)), every)
    assert shares(every).max() == 1


def test_what_is_beyond_is_cut_and_what_is_between_is_rounded() -> None:
    assert levels(np.array([-0.2, 1.7, 0.4 / 255, 0.6 / 255])).tolist() == [0, 255, 0, 1]
