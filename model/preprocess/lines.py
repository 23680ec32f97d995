"""Long thin lines, ruled across the picture or drawn as a box around the digit, are taken off; strokes that cross them stay."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SMALLEST_SIDE = 64
"""Pixels: on a smaller picture a line is as thin as a stroke, and nothing is taken off."""
THINNEST_PART = 40
"""A line is at most one part in so many of the long side thick: the stroke of a digit cropped to its edges is more."""
RULED_SHARE, BORDER_PART = 0.125, 100
"""A ruled line is at least this share of the picture long and comes within one part in so many of its border."""
SIDE_SHARE = 0.2
"""Share of the picture that the side of a box takes at least."""
STEEPEST = 0.05
"""Slope up to which a line is followed over a gap: a page held at three degrees."""


@dataclass(frozen=True, slots=True)
class _Lines:
    """Thin straight runs along the rows of a mask (or, of a transposed mask, along its columns), joined over gaps."""

    thin: NDArray[np.uint8]
    runs: NDArray[np.uint8]
    labels: NDArray[np.int32]
    boxes: NDArray[np.int64]
    """(lines, 4): left, top, right and bottom of each; the first is the background."""

    def taken_off(self, chosen: NDArray[np.bool_]) -> NDArray[np.uint8]:
        found = (self.runs > 0) & chosen[self.labels]
        return cv2.dilate(found.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.uint8, copy=False) & self.thin


def without_lines(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A copy of a mask, uint8 (h, w) of 0 and 1, without ruled lines and boxes."""
    if min(mask.shape) < SMALLEST_SIDE:
        return mask
    across, down = _lines(mask), _lines(np.ascontiguousarray(mask.T))
    if across is None and down is None:
        return mask
    ruled_across = _ruled(across, mask.shape[1]) if across else None
    ruled_down = _ruled(down, mask.shape[0]) if down else None
    if across and down and ruled_across is not None and ruled_down is not None:
        _add_boxes(across, down, ruled_across, ruled_down, mask.shape)
    off = np.zeros_like(mask)
    if across and ruled_across is not None:
        off |= across.taken_off(ruled_across)
    if down and ruled_down is not None:
        off |= np.ascontiguousarray(down.taken_off(ruled_down).T)
    return mask & (1 - off)


def _lines(mask: NDArray[np.uint8]) -> _Lines | None:
    height, width = mask.shape
    thick = max(2, max(height, width) // THINNEST_PART // 2 * 2)  # even, for an odd kernel: OpenCV opens off centre with others
    # Where a stroke crosses, the ink is higher than a line is thick: it is not part of `thin`, and so it stays.
    bordered = cv2.copyMakeBorder(mask, thick, thick, 0, 0, cv2.BORDER_CONSTANT, value=0)
    high = cv2.morphologyEx(bordered, cv2.MORPH_OPEN, np.ones((thick + 1, 1), np.uint8))[thick:-thick]
    thin = mask & (1 - high).astype(np.uint8)
    runs = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, max(8, width // 24) | 1), np.uint8)).astype(np.uint8, copy=False)
    if cv2.countNonZero(runs) < width // 8:
        return None
    reach = max(3, width // 8) | 1
    joined = cv2.dilate(runs, np.ones((2 * int(reach * STEEPEST) + 3, reach), np.uint8))
    count, found = cv2.connectedComponents(joined, connectivity=8)
    labels = found.astype(np.int32, copy=False)
    return _Lines(thin, runs, labels, _extents(runs, labels, count))


def _extents(runs: NDArray[np.uint8], labels: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    rows, columns = np.nonzero(runs)
    of = labels[rows, columns]
    low = np.full((count, 2), max(runs.shape), np.int64)
    high = np.zeros((count, 2), np.int64)
    np.minimum.at(low, of, np.stack([columns, rows], 1))
    np.maximum.at(high, of, np.stack([columns, rows], 1) + 1)
    return np.concatenate([low, high], 1)


def _ruled(lines: _Lines, width: int) -> NDArray[np.bool_]:
    left, right = lines.boxes[:, 0], lines.boxes[:, 2]
    margin = max(2, width // BORDER_PART)
    chosen: NDArray[np.bool_] = ((left <= margin) | (right >= width - margin)) & (right - left >= RULED_SHARE * width)
    return chosen


def _add_boxes(
    across: _Lines, down: _Lines, chosen_across: NDArray[np.bool_], chosen_down: NDArray[np.bool_], shape: tuple[int, ...]
) -> None:
    """Mark the lines that are the sides of a box: two and two whose ends meet."""
    height, width = shape
    level = [i for i in range(1, len(across.boxes)) if across.boxes[i, 2] - across.boxes[i, 0] >= SIDE_SHARE * width]
    plumb = [i for i in range(1, len(down.boxes)) if down.boxes[i, 2] - down.boxes[i, 0] >= SIDE_SHARE * height]
    if len(level) < 2 or len(plumb) < 2 or len(level) * len(plumb) > 400:
        return
    near_across, near_down = max(4, width // 16), max(4, height // 16)
    for i in level:
        left, above, right, below = across.boxes[i]
        y = (above + below) / 2
        sides = [j for j in plumb if min(abs(_middle(down, j) - left), abs(_middle(down, j) - right)) <= near_across]
        meets = [j for j in sides if min(abs(down.boxes[j, 0] - y), abs(down.boxes[j, 2] - y)) <= near_down]
        if len({_middle(down, j) > (left + right) / 2 for j in meets}) == 2:
            chosen_across[i] = True
            chosen_down[meets] = True


def _middle(lines: _Lines, line: int) -> float:
    return float(lines.boxes[line, 1] + lines.boxes[line, 3]) / 2
