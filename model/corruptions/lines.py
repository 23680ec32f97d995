"""A dotted line or a zigzag drawn through the picture, with a soft edge."""

from functools import cache
from itertools import pairwise

import numpy as np

from model.corruptions.levels import Pixels, levels, shares
from model.metrics import Floats
from model.preprocess.place import SIDE

HALF_WIDTH = 2.3
"""Pixels above and under a line at which its ink ends, as the logarithm of what is left."""
ROWS = SIDE - 1
"""A line begins and ends in one of the first so many rows."""
DOT = 2
"""Columns of a dot, and of the gap before it."""

ZIGZAG_COLUMNS = (2, 25)
ZIGZAG_RISE = (-5, 5)
"""Rows that a zigzag ends under where it began, the second exclusive."""
TOOTH = 2.0
"""Pixels: half the width of a tooth, and its height."""


def dotted_line(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`."""
    ends = rng.integers(0, ROWS, (len(pixels), 2))
    return _over(pixels, [_dotted(first, last) for first, last in ends.tolist()])


def zigzag(pixels: Pixels, rng: np.random.Generator) -> Pixels:
    """`uint8[n, 28, 28]`."""
    low, high = ZIGZAG_RISE
    drawn = rng.integers((0, low), (ROWS, high), (len(pixels), 2))
    return _over(pixels, [_toothed(first, rise) for first, rise in drawn.tolist()])


def _over(pixels: Pixels, ink: list[Floats]) -> Pixels:
    return levels(shares(pixels) + np.array(ink).reshape(pixels.shape))


@cache
def _dotted(first: int, last: int) -> Floats:
    line = _segment((0, first), (SIDE - 1, last))
    line[:, np.arange(SIDE) // DOT % 2 == 0] = 0
    return line


@cache
def _toothed(first: int, rise: int) -> Floats:
    """Teeth along a straight line, then turned to its angle."""
    start, end = ZIGZAG_COLUMNS
    angle = np.arctan(rise / (end - start))
    length = float((end - start) / np.cos(angle))
    points = [(0.0, 0.0)]
    for tooth in range(int((length - TOOTH) // (2 * TOOTH)) + 1):
        points.append(((2 * tooth + 1) * TOOTH, (-1) ** tooth * TOOTH))
    whole = 2 * TOOTH * (length // (2 * TOOTH))
    if length != whole:
        points.append((length, points[-1][1] / (2 * (length - whole))))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    turned = (np.array(points) @ turn.T + [start, first]).tolist()
    ink: Floats = np.sum([_segment(one, other) for one, other in pairwise(turned)], axis=0)
    return ink


def _segment(one: tuple[float, float], other: tuple[float, float]) -> Floats:
    """Ink, 0 to 1, of a line from one `(column, row)` to another further right; none in the column where it ends."""
    (column, row), (last_column, last_row) = one, other
    columns = np.arange(SIDE)
    centre = row + (last_row - row) / (last_column - column) * (columns - column)
    away = np.clip(np.abs(np.arange(SIDE)[:, None] - centre), 0, HALF_WIDTH - 1e-10)
    ink: Floats = np.clip(np.log(1 - away / HALF_WIDTH) + 1, 0, 1)
    ink[:, (columns < np.floor(column)) | (columns >= np.ceil(last_column))] = 0
    return ink
