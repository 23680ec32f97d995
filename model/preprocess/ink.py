"""Grey pixels to ink: how much of it each pixel holds, without paper, light, noise, specks, ruled lines and box frames."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.preprocess.light import find_paper
from model.preprocess.lines import without_lines

NOISE_LEVELS = 3.5
"""Standard deviations of the paper's noise that a pixel must stand out by to be ink."""
FAINTEST = 6.0
"""Levels of 255 that any ink must stand out by: under it lie the steps of JPEG coding."""
EDGE = 0.15
"""Share of the ink's own strength at which its edge is drawn. MNIST's grey ramps begin lower, JPEG's ringing is lower still."""
FULL = 85
"""Percentile of what stands out that counts as full ink."""
SPECK = 0.02
"""Share of the largest part under which another part is dirt."""
MOST_PARTS = 64
"""Parts that are looked at, the largest first: a digit has one to three."""
NEAR = 0.25
"""Share of the digit's long side within which another part belongs to it: the top of a 5, the loop of a broken 6."""
ANOTHER_AREA, ANOTHER_SIDE = 0.15, 0.35
"""A part further off is another thing, not dirt, from these shares of the digit's area and long side."""


@dataclass(frozen=True, slots=True)
class Ink:
    """What stands out of the paper, and what of it was taken for the digit."""

    strength: NDArray[np.uint8]
    """(h, w), cut to the ink's box: 0 where there is paper, 255 where there is full ink. (0, 0) where there is no ink."""
    left: int
    """Columns of the searched picture left of the box."""
    top: int
    """Rows above it."""
    dark: bool
    """The ink is darker than its paper."""
    level: float
    """Levels of 255 by which full ink stands out, on paper brought to 255 where the ink is dark."""
    noise: float
    """Standard deviation of the paper around its level, in the same levels."""
    parts: int
    """Connected parts with full ink in them, dirt included."""
    largest: float
    """Share of all full ink that the largest part holds, 0 to 1."""
    apart: bool
    """Another thing, about as large, lies further off than a part of one digit would."""


def find_ink(grey: NDArray[np.uint8]) -> Ink:
    """Find the digit's ink in a grey picture, uint8 (h, w)."""
    paper = find_paper(grey)
    lifted = paper.level - grey if paper.dark else grey - paper.level
    if paper.dark:
        lifted *= 255 / np.maximum(paper.level, 64)  # ink swallows a share of the light, however much there is
    noise = _noise(lifted, paper.bare)
    floor = max(FAINTEST, NOISE_LEVELS * noise)
    levels = np.clip(lifted, 0, 255).astype(np.uint8)
    outstanding = levels[levels > floor]
    level = float(np.percentile(outstanding, FULL)) if outstanding.size else 0.0

    mask = without_lines((levels > max(floor, EDGE * level)).astype(np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    full = np.bincount(labels[(levels > level / 2) & (mask > 0)], minlength=count)
    full[0] = 0
    parts, total = int(np.count_nonzero(full)), int(full.sum())
    if not parts:
        return Ink(np.zeros((0, 0), np.uint8), 0, 0, paper.dark, level, noise, 0, 0.0, False)
    chosen, apart = _digit(full, stats.astype(np.int32, copy=False))
    left, top = stats[chosen, :2].min(0)
    right, bottom = (stats[chosen, :2] + stats[chosen, 2:4]).max(0)
    keep = np.zeros(count, bool)
    keep[chosen] = True
    box = np.s_[top:bottom, left:right]
    strength = np.where(keep[labels[box]], levels[box] * np.float32(255 / level), 0)
    return Ink(
        np.clip(np.rint(strength), 0, 255).astype(np.uint8),
        int(left),
        int(top),
        paper.dark,
        level,
        noise,
        parts,
        float(full.max()) / total,
        apart,
    )


def _noise(lifted: NDArray[np.float32], bare: NDArray[np.bool_]) -> float:
    """Standard deviation of the paper: ink may cover most of a picture cropped to the digit."""
    rows, columns = ((np.arange(n) * 2 + 1) * size // (2 * n) for n, size in zip(bare.shape, lifted.shape, strict=True))
    values = lifted[np.ix_(rows, columns)][bare]
    return 1.4826 * float(np.median(np.abs(values))) if values.size else 0.0


def _digit(full: NDArray[np.int64], stats: NDArray[np.int32]) -> tuple[list[int], bool]:
    """Numbers of the parts of the digit: the largest part and what lies near it; and whether another thing lies further off."""
    most = int(full.max())
    others = [int(part) for part in np.argsort(-full)[:MOST_PARTS] if full[part] > SPECK * most]
    chosen = [others.pop(0)]
    box = _box(stats, chosen[0])
    grown = True
    while grown:
        grown = False
        for part in others:
            candidate = _box(stats, part)
            if _gap(box, candidate) <= NEAR * max(box[2] - box[0], box[3] - box[1]):
                box = (min(box[0], candidate[0]), min(box[1], candidate[1]), max(box[2], candidate[2]), max(box[3], candidate[3]))
                chosen.append(part)
                others.remove(part)
                grown = True
                break
    side = max(box[2] - box[0], box[3] - box[1])
    area = int(full[chosen].sum())
    apart = any(full[part] >= ANOTHER_AREA * area and max(stats[part, 2:4]) >= ANOTHER_SIDE * side for part in others)
    return chosen, apart


def _box(stats: NDArray[np.int32], part: int) -> tuple[int, int, int, int]:
    left, top, width, height = (int(value) for value in stats[part, :4])
    return left, top, left + width, top + height


def _gap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> int:
    return max(a[0] - b[2], b[0] - a[2], a[1] - b[3], b[1] - a[3], 0)
