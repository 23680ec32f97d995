"""A dotted line has its gaps, a zigzag its teeth; both only add ink, at every height."""

import numpy as np

from model.corruptions.levels import Pixels
from model.corruptions.lines import dotted_line, zigzag

BLANK = np.zeros((200, 28, 28), np.uint8)


def test_dots_of_two_columns_stand_between_gaps_of_two(rng: np.random.Generator) -> None:
    dotted = dotted_line(BLANK, rng)
    inked = dotted.max(axis=1) > 0
    assert np.flatnonzero(inked.all(axis=0)).tolist() == [2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26]
    assert not inked[:, 27].any()
    assert not inked[:, [0, 1, 4, 5]].any()


def test_a_line_goes_from_one_row_to_another(rng: np.random.Generator) -> None:
    dotted = dotted_line(BLANK, rng).astype(float)
    middle = (dotted * np.arange(28)[:, None]).sum(axis=1)[:, [2, 23]] / dotted.sum(axis=1)[:, [2, 23]]
    assert np.ptp(middle, axis=0).min() > 15
    assert np.abs(middle[:, 1] - middle[:, 0]).max() > 10


def test_a_zigzag_turns_at_every_tooth(rng: np.random.Generator) -> None:
    toothed = zigzag(BLANK, rng)
    level = toothed[[picture[:20].any() and not picture[:5].any() and not picture[23:].any() for picture in toothed]][0]
    heights = (level * np.arange(28)[:, None]).sum(axis=0)[2:25] / level.sum(axis=0)[2:25]
    slope = np.sign(np.diff(heights - np.linspace(heights[0], heights[-1], 23)))
    assert (np.diff(slope[slope != 0]) != 0).sum() >= 5
    assert not toothed[:, :, :2].any()
    assert not toothed[:, :, 27:].any()
    assert toothed.any(axis=(1, 2)).all()


def test_lines_only_add_ink(pixels: Pixels, rng: np.random.Generator) -> None:
    for drawn in (dotted_line(pixels, rng), zigzag(pixels, rng)):
        assert (drawn >= pixels).all()
        assert (drawn > pixels).any(axis=(1, 2)).all()
