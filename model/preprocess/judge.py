"""Whether what was found looks like one digit at all: a closed list of reasons why not, the same for every size of picture."""

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess.ink import Ink
from model.preprocess.stroke import FULL, Outline

REASONS = ("blank", "faint", "noise", "several")

FAINT_LEVEL = 24.0
"""Levels of 255 by which ink must stand out to be trusted."""
FAINT_NOISE = 7.0
"""Standard deviations of the paper's noise by which it must."""
LOST = 5.0
"""Standard deviations of the noise under which what stands out is noise itself."""
GRAINY = 16.0
"""Levels: a picture without ink whose neighbouring pixels differ by more is noise, by less blank paper."""
SCATTERED_PARTS, SCATTERED_SHARE = 8, 0.35
"""So many parts, none of which holds this share of the ink, are no stroke."""
RAGGED = 0.33
"""Changes between ink and paper a pixel, along rows and along columns, from which there are no strokes."""
SMALLEST = 4
"""Pixels of the searched picture that ink is long at least."""
JUDGED_SIDE = 40
"""Pixels of the ink's long side at which its shape is judged."""
SEEN = 110
"""Strength, of 255, from which a pixel of the judged shape is ink."""
CROWDED, CROWDED_ASPECT = 2.68, 0.7
"""Strokes that a row crosses on average, plus this share of width over height, from which two digits touch: one digit has 1.4 strokes."""
OVERLAP, TALL, SHARE, THICK = (0.3, -0.15), (0.65, 0.5), (0.15, 0.5), (0.0, 0.35)
"""Two things beside each other (first) or one above the other (second): their extents overlap by at most this share of the narrower
one, the shorter is this share of the whole, the smaller has this share of the larger one's area, and the narrower is this share of
both. The top of a 5 and the left stroke of a 4 have less."""


def reasons(ink: Ink, shown: NDArray[np.uint8], grey: NDArray[np.uint8]) -> tuple[str, ...]:
    """Why the ink found in a grey picture, uint8 (h, w), should not be trusted to be one digit; empty where it should.

    `shown` is the ink's strength with thin strokes widened: noise is ragged only before that, and a thin stroke whole only after it.
    """
    if not ink.parts or ink.level < LOST * ink.noise:
        return _nothing(grey)
    faint = ink.level < max(FAINT_LEVEL, FAINT_NOISE * ink.noise)
    if ink.parts >= SCATTERED_PARTS and ink.largest < SCATTERED_SHARE:
        return _nothing(grey) if faint else ("noise",)
    if max(ink.strength.shape) < SMALLEST:
        return _nothing(grey)
    if ragged(ink.strength):
        return ("noise",)
    return ("faint",) * faint + ("several",) * (ink.apart or several(shown))


def grain(grey: NDArray[np.uint8]) -> float:
    """Typical noise of single pixels in levels of 255, from differences of neighbours; uint8 (h, w)."""
    if grey.shape[1] < 2:
        return 0.0
    rows = grey[:: max(1, grey.shape[0] // 64)].astype(np.int16)
    return float(np.mean(np.abs(np.diff(rows, axis=1)))) / 1.128


def _nothing(grey: NDArray[np.uint8]) -> tuple[str, ...]:
    return ("noise",) if grain(grey) > GRAINY else ("blank",)


def ragged(strength: NDArray[np.uint8], outline: Outline | None = None) -> bool:
    """Whether ink, uint8 (h, w), changes to paper and back all over, as no strokes do; `outline` is its own, where somebody has it."""
    if min(strength.shape) < 3:
        return False
    most = RAGGED * strength.size
    if outline is not None and min(outline.across, outline.down) <= most:  # which counts the edges of the box too
        return False
    _, on = cv2.threshold(strength, FULL, 1, cv2.THRESH_BINARY)
    return cv2.norm(on[:, 1:], on[:, :-1], cv2.NORM_L1) > most and cv2.norm(on[1:], on[:-1], cv2.NORM_L1) > most


def several(strength: NDArray[np.uint8]) -> bool:
    """Whether ink, uint8 (h, w) and cut to its box, is two things side by side or one above the other rather than one digit."""
    height, width = strength.shape
    scale = JUDGED_SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    shape = cv2.resize(strength, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    _, on = cv2.threshold(shape, SEEN, 1, cv2.THRESH_BINARY)
    crossings = cv2.norm(on[:, 1:], on[:, :-1], cv2.NORM_L1) / (2 * size[1])
    if crossings + CROWDED_ASPECT * size[0] / size[1] > CROWDED:
        return True
    if cv2.connectedComponents(on)[0] <= 2:  # half the price of the statistics, and all that most digits need
        return False
    parts = cv2.connectedComponentsWithStats(on)[2][1:].astype(np.int32, copy=False)
    areas = parts[:, 4].tolist()
    largest = max(areas)
    if sum(areas) - largest < min(SHARE) * largest:  # whatever lies on the other side of a cut from the largest part is too little
        return False
    return any(_parted(parts, axis) for axis in (0, 1))


def _parted(stats: NDArray[np.int32], axis: int) -> bool:
    """Whether a straight cut leaves something of a digit's size on either side, along columns (axis 0) or rows (axis 1)."""
    parts = stats[np.argsort(2 * stats[:, axis] + stats[:, axis + 2])]
    start, end = parts[:, axis], parts[:, axis] + parts[:, axis + 2]
    low, high = parts[:, 1 - axis], parts[:, 1 - axis] + parts[:, 3 - axis]
    area, whole = parts[:, 4], int(high.max() - low.min())
    for cut in range(1, len(parts)):
        before, after = slice(None, cut), slice(cut, None)
        overlap = int(end[before].max() - start[after].min())
        narrower = int(min(end[before].max() - start[before].min(), end[after].max() - start[after].min()))
        shorter = int(min(high[before].max() - low[before].min(), high[after].max() - low[after].min()))
        if narrower < THICK[axis] * (end.max() - start.min()):
            continue
        smaller, larger = sorted((int(area[before].sum()), int(area[after].sum())))
        if overlap <= OVERLAP[axis] * narrower and shorter >= TALL[axis] * whole and smaller >= SHARE[axis] * larger:
            return True
    return False
